"""CSV files of homes and profiles, read whole: all faults of a file are named, each with line, field and way
out."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emulator.units import SLOTS_A_DAY

Watts = npt.NDArray[np.uint16]
KINDS = ("plain", "battery", "pv", "pv_battery")
HOME_FIELDS = ("id", "bus", "phase", "kind", "pv_wp", "pv_curve", "battery_wh", "battery_w")
OPTIONAL_FIELDS = ("battery_efficiency_permille", "occupants", "yearly_kwh", "seed")
MAX_W = 65_535
_ID = re.compile(r"^[A-Za-z0-9_.\-]{1,48}$")
_LEAP_FREE_YEAR = 2018


class DataError(ValueError):
    """Input files with faults; ``problems`` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class HomeRow(NamedTuple):
    """One line of homes.csv."""

    id: str
    bus: int
    phase: int
    kind: str
    pv_wp: int
    pv_curve: str
    battery_wh: int
    battery_w: int
    battery_efficiency_permille: int = 1000


def read_homes(path: Path, problems: list[str]) -> list[HomeRow]:
    """The homes of a homes.csv; every fault goes to ``problems`` and its line is left out."""
    rows = _read_rows(path, problems)
    if not rows:
        return []
    header = rows[0][1]
    missing = [name for name in HOME_FIELDS if name not in header]
    unknown = [name for name in header if name not in HOME_FIELDS + OPTIONAL_FIELDS]
    problems += [f"{path.name}: column {name} is missing; the header needs {','.join(HOME_FIELDS)}" for name in missing]
    problems += [f"{path.name}: column {name} is unknown; remove it" for name in unknown]
    if missing or unknown:
        return []
    homes: list[HomeRow] = []
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            problems.append(f"{path.name} line {line}: {len(cells)} values; the header has {len(header)}")
            continue
        faults: list[str] = []
        home = _home(dict(zip(header, cells, strict=True)), faults)
        if home.id in {other.id for other in homes}:
            faults.append(f"id is {home.id!r} a second time; give each home its own")
        problems += [f"{path.name} line {line}: {fault}" for fault in faults]
        if not faults:
            homes.append(home)
    if len(rows) == 1:
        problems.append(f"{path.name}: no homes; give at least one line after the header")
    return homes


def read_profiles(path: Path, columns: list[str], problems: list[str]) -> tuple[tuple[str, ...], dict[str, Watts]]:
    """Days and columns of a profile file with header ``day,slot,<column>,...`` and one line per ten-minute slot.

    Days are MM-DD, whole, consecutive (a year may wrap); values are mean W, 0 to 65535. Every fault goes to
    ``problems``.
    """
    rows = _read_rows(path, problems)
    if not rows:
        return (), {}
    header = rows[0][1]
    before = len(problems)
    if header[:2] != ["day", "slot"]:
        problems.append(f"{path.name}: the header begins with {','.join(header[:2])!r}; begin it with day,slot")
    problems += [
        f"{path.name}: column {name} is missing; homes.csv asks for it" for name in columns if name not in header
    ]
    problems += [f"{path.name}: column {name} stands twice; remove one" for name in _doubles(header)]
    if len(problems) > before:
        return (), {}
    days: list[str] = []
    values = np.zeros((len(rows) - 1, len(header) - 2), dtype=np.uint16)
    for index, (line, cells) in enumerate(rows[1:]):
        faults = _place_faults(cells, len(header), index, days)
        if len(cells) == len(header):
            for column, cell in enumerate(cells[2:]):
                watts = _integer(cell)
                if watts is None or not 0 <= watts <= MAX_W:
                    faults.append(f"{header[column + 2]} is {cell!r}; give whole watts, 0 to {MAX_W}")
                else:
                    values[index, column] = watts
        problems += [f"{path.name} line {line}: {fault}" for fault in faults]
    if len(rows) == 1 or (len(rows) - 1) % SLOTS_A_DAY:
        problems.append(f"{path.name}: {len(rows) - 1} lines of values; give whole days of {SLOTS_A_DAY}")
    if len(set(days)) != len(days):
        problems.append(f"{path.name}: a day stands twice; give each day once")
    return tuple(days), {name: values[:, header.index(name) - 2].copy() for name in columns}


def _place_faults(cells: list[str], width: int, index: int, days: list[str]) -> list[str]:
    """Faults of a line's length, day and slot; a new day is put into ``days``."""
    if len(cells) != width:
        return [f"{len(cells)} values; the header has {width}"]
    faults = []
    day, slot = cells[0], _integer(cells[1])
    if slot != index % SLOTS_A_DAY:
        faults.append(
            f"slot is {cells[1]!r}; expected {index % SLOTS_A_DAY}, slots run 0 to {SLOTS_A_DAY - 1} each day"
        )
    if index % SLOTS_A_DAY:
        if days and day != days[-1]:
            faults.append(f"day is {day!r}; expected {days[-1]}, a day has {SLOTS_A_DAY} lines")
        return faults
    following = _day_after(days[-1]) if days else None
    if _day_after(day) is None:
        faults.append(f"day is {day!r}; give MM-DD of a year of 365 days")
    elif following is not None and day != following:
        faults.append(f"day is {day!r}; expected {following}, days follow each other")
    days.append(day)
    return faults


def _home(cells: dict[str, str], faults: list[str]) -> HomeRow:
    def number(name: str, low: int, high: int, default: int | None = None) -> int:
        cell = cells.get(name, "")
        value = default if cell == "" and default is not None else _integer(cell)
        if value is None or not low <= value <= high:
            faults.append(f"{name} is {cell!r}; give a whole number, {low} to {high}")
            return low
        return value

    home = HomeRow(
        id=cells["id"],
        bus=number("bus", 0, 1_000_000),
        phase=number("phase", 1, 3),
        kind=cells["kind"],
        pv_wp=number("pv_wp", 0, 1_000_000),
        pv_curve=cells["pv_curve"],
        battery_wh=number("battery_wh", 0, 10_000_000),
        battery_w=number("battery_w", 0, 1_000_000),
        battery_efficiency_permille=number("battery_efficiency_permille", 1, 1000, default=1000),
    )
    if not _ID.match(home.id):
        faults.append(f"id is {home.id!r}; use 1 to 48 letters, digits, '_', '.', '-'")
    if home.kind not in KINDS:
        faults.append(f"kind is {home.kind!r}; give one of {', '.join(KINDS)}")
        return home
    if ("pv" in home.kind) != (home.pv_wp > 0):
        faults.append(f"pv_wp is {home.pv_wp} in a home of kind {home.kind}; give PV to kinds with pv and to no other")
    if home.pv_wp and not home.pv_curve:
        faults.append("pv_curve is empty; name a column of pv_w_per_kwp.csv")
    has_battery = home.kind.endswith("battery")
    if has_battery != (home.battery_wh >= 5) or has_battery != (home.battery_w > 0):
        faults.append(
            f"battery_wh is {home.battery_wh} and battery_w {home.battery_w} in a home of kind {home.kind}; "
            "give both (5 Wh or more) to kinds with battery and 0 to others"
        )
    return home


def _read_rows(path: Path, problems: list[str]) -> list[tuple[int, list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except OSError as error:
        problems.append(f"{path.name}: can't be read ({error.strerror}); put it into {path.parent}")
        return []
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(f"{path.name}: not a CSV file in UTF-8 ({error})")
        return []
    if not rows:
        problems.append(f"{path.name}: empty; begin with a header line")
    return rows


def _integer(cell: str) -> int | None:
    return int(cell) if re.fullmatch(r"-?[0-9]{1,12}", cell) else None


def _day_after(day: str) -> str | None:
    """The day after an MM-DD in a year of 365 days; None when it is no such day."""
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", day):
        return None
    try:
        today = date(_LEAP_FREE_YEAR, int(day[:2]), int(day[3:]))
    except ValueError:
        return None
    return (today + timedelta(days=1)).strftime("%m-%d")


def _doubles(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
