"""What all homes' batteries hold while the day goes by: (homes,); homes without one have limits of zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clients.household.planner.rolling import BatteryDay
from studies.arrays import SLOT_SECONDS, Real
from studies.home import Home

_HOURS = SLOT_SECONDS / 3600


class Batteries:
    """Energies never leave ``min_wh`` to ``max_wh``, flows never ``slot_wh``; positive = discharge. No losses."""

    def __init__(self, homes: Sequence[Home]) -> None:
        """Raises: ValueError if a battery has losses, of which the thesis's have none."""
        for home in homes:
            if home.battery is not None and not home.battery.lossless:
                raise ValueError(f"the battery of {home.id} has losses; studies know ideal ones")
        owned = [home.battery for home in homes]
        self.has = np.array([battery is not None for battery in owned])
        self.min_wh = np.array([battery.min_wh if battery else 0.0 for battery in owned])
        self.max_wh = np.array([battery.max_wh if battery else 0.0 for battery in owned])
        self.slot_wh = np.array([battery.power_w * _HOURS if battery else 0.0 for battery in owned])
        self.energy_wh = np.array([battery.energy_wh if battery else 0.0 for battery in owned])
        self.start_wh = self.energy_wh.copy()
        self.moved_wh = np.zeros(len(owned))

    def possible_wh(self, wish_wh: Real) -> Real:
        """How much of what they are asked for they can give (or take, negative) in a slot."""
        wish = np.minimum(np.maximum(wish_wh, -self.slot_wh), self.slot_wh)
        return np.asarray(np.clip(wish, self.energy_wh - self.max_wh, self.energy_wh - self.min_wh))

    def move(self, out_wh: Real) -> None:
        """Let energy flow.

        Raises: ValueError beyond what a limit allows.
        """
        after = self.energy_wh - out_wh
        if (np.abs(out_wh) > self.slot_wh + 1e-6).any() or (after < self.min_wh - 1e-6).any():
            raise ValueError("a battery was asked for more than it can give")
        if (after > self.max_wh + 1e-6).any():
            raise ValueError("a battery was asked to take more than it can hold")
        self.energy_wh = np.minimum(np.maximum(after, self.min_wh), self.max_wh)
        self.moved_wh = self.moved_wh + np.abs(out_wh)

    def day_of(self, home: int, planned_wh: float) -> BatteryDay:
        """The day of one battery, once what is planned to flow has flowed, ``planned_wh`` in and out."""
        return BatteryDay(float(self.start_wh[home]), float(self.moved_wh[home]) + planned_wh)
