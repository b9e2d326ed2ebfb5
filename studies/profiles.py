"""Whose load a home has and how the sun shines: drawn by a seed from the emulator's year (emulator/data/SOURCE.md)."""

from __future__ import annotations

from typing import Final

import numpy as np

from emulator.dataset import Dataset, builtin
from studies.arrays import SLOTS, W_PER_WH, Real

# The thesis's loads are those of winter days: December to February.
WINTER_BEGINS: Final = "12-01"
WINTER_DAYS: Final = 90
# All roofs have one curve (thesis 5.3).
ROOF: Final = "south_30"


class Profiles:
    """Loads of consecutive winter days for any number of homes.

    The homes of the year are dealt out in an order that the seed shuffles; whoever comes after them all gets another
    shuffle and other days. Day 0 is the first lived, day -1 the one before.
    """

    def __init__(self, seed: int, homes: int, days: int, data: Dataset | None = None) -> None:
        """Raises: ValueError if the winter has not so many days."""
        if not 1 <= days < WINTER_DAYS:
            raise ValueError(f"days is {days}; give 1 to {WINTER_DAYS - 1}")
        self.days = days
        self._data = builtin() if data is None else data
        random = np.random.default_rng([seed, 1])
        names = sorted(self._data.load_w)
        self._of: list[tuple[str, int]] = []
        while len(self._of) < homes:
            first = self._data.day_index(WINTER_BEGINS) + int(random.integers(1, WINTER_DAYS - days + 1))
            self._of += [(names[number], first) for number in random.permutation(len(names))]
        self._of = self._of[:homes]

    def load_wh(self, home: int, day: int) -> Real:
        """What a home takes in each slot of a day, Wh."""
        name, first = self._of[home]
        return _day(self._data.load_w[name], first + day)


def sun_wh_per_kwp(day: str, after: int = 0, data: Dataset | None = None) -> Real:
    """What a kWp makes in each slot of the day that comes ``after`` days after ``day`` (MM-DD), Wh.

    Raises: ValueError if there is no such day.
    """
    data = builtin() if data is None else data
    return _day(data.pv_w_per_kwp[ROOF], data.day_index(day) + after)


def clearest_winter_day(data: Dataset | None = None) -> str:
    """The winter's day with the most sun."""
    data = builtin() if data is None else data
    first = data.day_index(WINTER_BEGINS)
    winter = [data.days[(first + day) % len(data.days)] for day in range(WINTER_DAYS)]
    return max(winter, key=lambda day: float(sun_wh_per_kwp(day, data=data).sum()))


def _day(power_w: np.ndarray, day: int) -> Real:
    first = day % (len(power_w) // SLOTS) * SLOTS
    return np.asarray(power_w[first : first + SLOTS], np.float64) / W_PER_WH
