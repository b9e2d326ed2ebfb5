"""Where load and PV come from: the built-in year, or a folder of own CSV files."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emulator.csv_input import DataError, HomeRow, read_homes, read_profiles
from emulator.units import SLOTS_A_DAY

__all__ = ["DataError", "Dataset", "HomeRow", "builtin"]

Watts = npt.NDArray[np.uint16]
CALENDAR_YEAR = 2018
"""A year of 365 days that starts on a Monday, as the simulated one does."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Homes; consecutive days (MM-DD); mean W of each ten-minute slot per home and, per kWp, per roof curve."""

    homes: tuple[HomeRow, ...]
    days: tuple[str, ...]
    load_w: dict[str, Watts]
    pv_w_per_kwp: dict[str, Watts]

    @classmethod
    def read(cls, folder: Path) -> Dataset:
        """Reads homes.csv, load_w.csv and pv_w_per_kwp.csv of a folder. Raises DataError with every fault of all
        three."""
        problems: list[str] = []
        homes = read_homes(folder / "homes.csv", problems)
        load_days, load_w = read_profiles(folder / "load_w.csv", [row.id for row in homes], problems)
        curves = sorted({row.pv_curve for row in homes if row.pv_wp})
        days, pv_w = read_profiles(folder / "pv_w_per_kwp.csv", curves, problems) if curves else (load_days, {})
        if not problems and days != load_days:
            problems.append("pv_w_per_kwp.csv: its days are not those of load_w.csv; give both the same days in order")
        if problems:
            raise DataError(problems)
        return cls(tuple(homes), load_days, load_w, pv_w)

    def day_index(self, day: str) -> int:
        """Position of a day (MM-DD) in the data. Raises ValueError saying which days there are."""
        if day in self.days:
            return self.days.index(day)
        raise ValueError(
            f"day is {day!r}; give a day as MM-DD, {self.days[0]} to {self.days[-1]} in this data"
            + (" (a year of 365 days: no 02-29)" if day == "02-29" else "")
        )


@cache
def builtin() -> Dataset:
    """The year that was simulated for the 33 homes; see data/SOURCE.md. Raises DataError when its file is
    damaged."""
    folder = files("emulator") / "data"
    packed = (folder / "year.npz").read_bytes()
    expected = json.loads((folder / "year.json").read_text(encoding="utf-8"))["sha256"]
    if hashlib.sha256(packed).hexdigest() != expected:
        raise DataError([f"year.npz: its SHA-256 is not {expected}; restore the file or rebuild it (data/SOURCE.md)"])
    problems: list[str] = []
    homes = read_homes(Path(str(folder / "homes.csv")), problems)
    if problems:
        raise DataError(problems)
    with np.load(io.BytesIO(packed), allow_pickle=False) as year:
        load_w = dict(zip(map(str, year["load_ids"]), year["load_w"], strict=True))
        pv_w = dict(zip(map(str, year["pv_curves"]), year["pv_w_per_kwp"], strict=True))
    return Dataset(tuple(homes), calendar_days(next(iter(load_w.values())).size // SLOTS_A_DAY), load_w, pv_w)


def calendar_days(count: int) -> tuple[str, ...]:
    """The first ``count`` days of the calendar, MM-DD."""
    first = date(CALENDAR_YEAR, 1, 1)
    return tuple((first + timedelta(days=number)).strftime("%m-%d") for number in range(count))
