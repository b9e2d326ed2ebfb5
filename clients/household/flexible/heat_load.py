"""A heat pump or water heater with its store."""

from __future__ import annotations

from statistics import fmean

import numpy as np

from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.household.devices import HeatPump
from clients.household.flexible.load import Horizon, Load
from clients.household.planner.heat_store import HeatStore
from clients.household.planner.vector import Vector
from wire.device import HeatState

WH_PER_K = 1_000.0
"""The planner counts in degrees; of a store that is told in Wh, so many are taken for one."""
PERMILLE = 1_000
_RECENT_SLOTS = 18
_KEPT_SLOTS = 7 * SLOTS_PER_DAY


class HeatLoad(Load):
    """Keeps the store within the person's part of the comfort band; what the house draws is learned from the store."""

    def __init__(self, device: HeatPump) -> None:
        super().__init__(device)
        self._heater = device
        self.drawn_wh: dict[int, float] = {}
        self._begun: tuple[int, HeatState] | None = None

    def observe(self, slot: int) -> None:
        """Look at the store in the running slot: what it lost beyond what was put in since it was seen, was drawn."""
        state, rating = self._heater.state, self._heater.rating
        if state is None or rating is None or not self._heater.available:
            self._begun = None
            return
        if self._begun is None or slot < self._begun[0]:
            self._begun = (slot, state)
            return
        first, before = self._begun
        if slot == first:
            return
        made_wh = (state.energy_wh - before.energy_wh) * rating.cop_permille / PERMILLE
        drawn_wh = max(0.0, made_wh - (state.store_wh - before.store_wh)) / (slot - first)
        for passed in range(max(first, slot - SLOTS_PER_DAY), slot):
            self.drawn_wh[passed] = drawn_wh
        self._begun = (slot, state)
        for old in [number for number in self.drawn_wh if number < slot - _KEPT_SLOTS]:
            del self.drawn_wh[old]

    def expected_wh(self, slot: int, now: int) -> float:
        """The heat that will be drawn in a slot: as yesterday, else as lately."""
        yesterday = self.drawn_wh.get(slot - SLOTS_PER_DAY)
        if yesterday is not None:
            return yesterday
        recent = [self.drawn_wh[each] for each in range(now - _RECENT_SLOTS, now) if each in self.drawn_wh]
        return fmean(recent) if recent else 0.0

    def need(self, horizon: Horizon) -> HeatStore | None:
        """See Load."""
        state, rating, wishes = self._heater.state, self._heater.rating, horizon.wishes
        if state is None or rating is None or not self._heater.available:
            return None
        band_wh = rating.comfort_max_wh - rating.comfort_min_wh
        # A little inside, so that the device itself need not step in.
        least_wh = rating.comfort_min_wh + band_wh * max(5, wishes.least_percent) / 100
        most_wh = max(least_wh, rating.comfort_min_wh + band_wh * min(95, wishes.most_percent) / 100)
        now = horizon.slots.start - 1
        demand = np.array([self.expected_wh(slot, now) for slot in horizon.slots])
        slot_wh = self._heater.most_w * rating.cop_permille / PERMILLE / SLOTS_PER_HOUR
        begins_wh = state.store_wh + self._running_wh(rating.cop_permille, now) - self.expected_wh(now, now) / 2
        ends_wh = min(max(state.store_wh, least_wh), (least_wh + most_wh) / 2)
        return HeatStore(
            temperature_c=begins_wh / WH_PER_K,
            heat_capacity_wh_per_k=WH_PER_K,
            power_w=self._heater.most_w,
            min_c=np.minimum(least_wh, _reached(begins_wh, least_wh, demand, made_wh=slot_wh)) / WH_PER_K,
            max_c=np.maximum(most_wh, begins_wh - np.cumsum(demand)) / WH_PER_K,
            heat_per_wh=rating.cop_permille / PERMILLE,
            demand_wh=demand,
            end_c=ends_wh / WH_PER_K,
            name=self.name,
        )

    def target_w(self, slot: int) -> int | None:
        """See Load."""
        state, rating = self._heater.state, self._heater.rating
        if state is None or rating is None or slot not in self.schedule:
            return None
        wanted_w = self.possible_w(self.schedule[slot] * SLOTS_PER_HOUR)
        # At the ends of its band the device decides, whatever is set.
        if (wanted_w and state.store_wh >= rating.comfort_max_wh) or (
            not wanted_w and state.store_wh <= rating.comfort_min_wh
        ):
            return None
        return wanted_w

    def may_take_w(self, slot: int) -> tuple[int, int]:
        """The least and the most that it may take for what is left of a slot without leaving the comfort band."""
        state, rating = self._heater.state, self._heater.rating
        if state is None or rating is None or not self._heater.available or slot not in self.schedule:
            planned_w = self.target_w(slot) or 0
            return (planned_w, planned_w)
        drawn_wh = self.expected_wh(slot, slot)
        band_wh = (rating.comfort_max_wh - rating.comfort_min_wh) // 10
        lack_wh = rating.comfort_min_wh + band_wh + drawn_wh - state.store_wh
        room_wh = rating.comfort_max_wh - band_wh + drawn_wh - state.store_wh
        per_w = rating.cop_permille / PERMILLE / SLOTS_PER_HOUR
        return (self.possible_w(max(0.0, lack_wh) / per_w), min(self._heater.most_w, int(max(0.0, room_wh) / per_w)))

    def _running_wh(self, cop_permille: int, now: int) -> float:
        """Heat that the running slot still brings, about."""
        return self.schedule.get(now, 0) / 2 * cop_permille / PERMILLE


def _reached(begins_wh: float, least_wh: float, demand_wh: Vector, made_wh: float) -> Vector:
    """How warm the store can be after each slot if it is heated with half the power, as far as that is too little: a
    store that is found below the band is no reason to tell anybody, but to heat."""
    heated: Vector = begins_wh + np.arange(1, len(demand_wh) + 1) * made_wh / 2 - np.cumsum(demand_wh)
    return np.where(np.maximum.accumulate(heated) >= least_wh, least_wh, heated)
