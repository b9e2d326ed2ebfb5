"""g_hat of (4.1): the forecast of average PV, normalised to 1."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from clients.common.configuration import ConfigurationError
from clients.common.slots import SlotClock
from clients.dso.collector.readings import Readings

SLOTS_PER_DAY = 144
_HEADER = ["slot_of_day", "forecast"]


class Forecast(Protocol):
    """Where g_hat comes from."""

    def __call__(self, first_slot: int, slots: int) -> Sequence[float]:
        """g_hat, the forecast of average PV normalised to 1, for consecutive slots; each within 0 to 1."""
        ...


class DayProfile:
    """The same g_hat every day, from 144 values."""

    def __init__(self, values: Sequence[float]) -> None:
        self._values = tuple(values)

    def __call__(self, first_slot: int, slots: int) -> list[float]:
        return [self._values[slot % SLOTS_PER_DAY] for slot in range(first_slot, first_slot + slots)]


class Persistence:
    """Tomorrow as the newest day known: what the meters fed in, normalised to the largest slot of the day.

    The DSO doesn't see the homes' PV behind the meter; the feed-in that it does see stands for it.
    """

    def __init__(self, readings: Readings, clock: SlotClock) -> None:
        self._readings = readings
        self._clock = clock

    def __call__(self, first_slot: int, slots: int) -> list[float]:
        running = self._clock.slot_at(time.time())
        history_wh = self._readings.exported_wh(running - SLOTS_PER_DAY, SLOTS_PER_DAY)
        by_slot_of_day = {
            slot % SLOTS_PER_DAY: history_wh[index]
            for index, slot in enumerate(range(running - SLOTS_PER_DAY, running))
        }
        largest_wh = max(history_wh)
        if not largest_wh:
            return [0.0] * slots
        return [by_slot_of_day[slot % SLOTS_PER_DAY] / largest_wh for slot in range(first_slot, first_slot + slots)]


def read_profile(path: Path) -> DayProfile:
    """Read g_hat from a CSV file with the header ``slot_of_day,forecast`` and a row for each of 0 to 143.

    Raises: ConfigurationError with every line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: can't be read as CSV ({error})") from error
    if not rows or rows[0] != _HEADER:
        raise ConfigurationError(f"{path}: line 1 is not {','.join(_HEADER)}: start the file with it")
    problems: list[str] = []
    values: list[float] = []
    for number, row in enumerate(rows[1:], start=2):
        try:
            slot, value = int(row[0]), float(row[1])
            if not 0 <= value <= 1:
                raise ValueError("forecast is not within 0 to 1")
        except (ValueError, IndexError) as error:
            problems.append(f"line {number}: {row}: {error}")
            continue
        if slot != number - 2:
            problems.append(f"line {number}: slot_of_day = {slot}: {number - 2} comes here")
        values.append(value)
    if not problems and len(values) != SLOTS_PER_DAY:
        problems.append(f"{len(values)} rows: give one for each slot of the day, 0 to {SLOTS_PER_DAY - 1}")
    if problems:
        raise ConfigurationError(f"{path}:\n  " + "\n  ".join(problems))
    return DayProfile(values)
