"""g_hat of (4.1): the forecast of average PV, normalised to 1."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from clients.common.configuration import ConfigurationError
from clients.common.csv_file import read_csv
from clients.common.slots import SLOTS_PER_DAY, SlotClock
from clients.dso.collector.readings import Readings


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
    values: list[float] = []

    def take(line: int, row: list[str]) -> None:
        slot, value = int(row[0]), float(row[1])
        if not 0 <= value <= 1:
            raise ValueError(f"forecast = {row[1]} is not within 0 to 1")
        if slot != line - 2:
            raise ValueError(f"slot_of_day = {slot}: {line - 2} comes here")
        values.append(value)

    read_csv("forecast_csv", path, ["slot_of_day", "forecast"], take)
    if len(values) != SLOTS_PER_DAY:
        count = f"{len(values)} rows: give one for each slot of the day, 0 to {SLOTS_PER_DAY - 1}"
        raise ConfigurationError(f"forecast_csv = {path}: {count}")
    return DayProfile(values)
