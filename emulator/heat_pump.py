"""A heat pump, or a water heater, with a store from which the house takes its heat."""

from __future__ import annotations

from emulator.clock import Clock
from emulator.device import EmulatedDevice, Refusal
from emulator.units import MJ_PER_WH, SLOT_MS
from wire.device import AnswerCode, HeatRating, HeatState

SWITCHING_DIVISOR = 50


class EmulatedHeatPump(EmulatedDevice[HeatRating]):
    """``demand_w``: heat that the house takes in each slot of a day, thermal W.

    On its own it heats with full power from the lower end of the comfort band to the upper. A set point holds inside
    the band; at the upper end it takes nothing, at the lower end full power, whatever was set, until a fiftieth of the
    band lies between. Raises ValueError
    naming the field.
    """

    def __init__(self, rating: HeatRating, clock: Clock, now_ms: int, store_wh: int, demand_w: list[int]) -> None:
        if not 0 <= store_wh <= rating.store_max_wh:
            raise ValueError(f"store_wh is {store_wh}; give 0 to store_max_wh, {rating.store_max_wh}")
        if not demand_w or min(demand_w) < 0:
            raise ValueError("demand_w is empty or negative; give a power of 0 W or more for each slot")
        super().__init__(rating, clock, now_ms)
        # Thousandths of mJ, so that no heat is lost to the rounding of the coefficient of performance.
        self._store = store_wh * MJ_PER_WH * 1000
        self._demand_w = demand_w
        band_wh = rating.comfort_max_wh - rating.comfort_min_wh
        switching_wh = max(1, band_wh // SWITCHING_DIVISOR)
        self._lower = self._at(rating.comfort_min_wh)
        self._lower_again = self._at(rating.comfort_min_wh + switching_wh)
        self._upper = self._at(rating.comfort_max_wh)
        self._upper_again = self._at(rating.comfort_max_wh - switching_wh)
        self._heating = self._too_cold = self._too_warm = False
        self.unmet_mj = 0
        self._lowest = self._highest = self._store
        self._settle()

    @property
    def store_wh(self) -> int:
        """Heat in the store, thermal Wh."""
        return self._store // (MJ_PER_WH * 1000)

    @property
    def power_w(self) -> int:
        if self._too_cold:
            return self.rating.max_w
        if self._too_warm:
            return 0
        if self._set_w is not None:
            return self._set_w
        return self.rating.max_w if self._heating else 0

    @property
    def held_wh(self) -> int:
        return self.store_wh * 1000 // self.rating.cop_permille

    def kept(self) -> dict[str, int]:
        """The least and most heat that the store has held, and the band that it was to stay in (thermal Wh).

        To the nearest Wh: its thermostat acts at a whole millisecond, in which the store moves on by less than that.
        """
        unit = MJ_PER_WH * 1000
        return {
            "lowest_wh": (self._lowest + unit // 2) // unit,
            "highest_wh": (self._highest + unit // 2) // unit,
            "comfort_min_wh": self.rating.comfort_min_wh,
            "comfort_max_wh": self.rating.comfort_max_wh,
        }

    def state(self, sequence: int) -> HeatState:
        return HeatState.model_validate(self._fields(sequence) | {"store_wh": self.store_wh})

    def memory(self) -> dict[str, int]:
        flags = {
            "heating": int(self._heating),
            "too_cold": int(self._too_cold),
            "too_warm": int(self._too_warm),
        }
        extremes = {"lowest": self._lowest, "highest": self._highest}
        return super().memory() | flags | extremes | {"store": self._store, "unmet_mj": self.unmet_mj}

    def recall(self, memory: dict[str, int]) -> None:
        self._store, self.unmet_mj = memory["store"], memory["unmet_mj"]
        self._lowest, self._highest = memory["lowest"], memory["highest"]
        self._heating, self._too_cold = bool(memory["heating"]), bool(memory["too_cold"])
        self._too_warm = bool(memory["too_warm"])
        super().recall(memory)

    def _check(self, power_w: int) -> None:
        super()._check(power_w)
        if power_w and self._too_warm:
            raise Refusal(AnswerCode.NOT_NOW, f"the store is full at {self.store_wh} Wh; wait until heat is taken")
        if not power_w and self._too_cold:
            raise Refusal(AnswerCode.NOT_NOW, f"the store is at its lower end at {self.store_wh} Wh; let it heat")

    def _settle(self) -> None:
        super()._settle()
        if self._store <= self._lower:
            self._too_cold = self._heating = True
        elif self._store >= self._lower_again:
            self._too_cold = False
        if self._store >= self._upper:
            self._too_warm, self._heating = True, False
        elif self._store <= self._upper_again:
            self._too_warm = False

    def _events_ms(self, power_w: int) -> list[int]:
        events = [(self.now_ms // SLOT_MS + 1) * SLOT_MS]
        rate = self._rate(power_w)
        for end in (self._lower, self._lower_again, self._upper_again, self._upper):
            gap = end - self._store
            if rate and gap and (gap > 0) == (rate > 0):
                events.append(self.now_ms + -(-abs(gap) // abs(rate)))
        return events

    def _move(self, power_w: int, duration_ms: int) -> int:
        moved = self._store + self._rate(power_w) * duration_ms
        if moved < 0:
            self.unmet_mj += -moved // 1000
        self._store = max(0, min(self._at(self.rating.store_max_wh), moved))
        self._lowest, self._highest = min(self._lowest, self._store), max(self._highest, self._store)
        return power_w * duration_ms

    def _rate(self, power_w: int) -> int:
        """How the store changes, thousandths of a mJ in a ms."""
        demand_w = self._demand_w[self.now_ms // SLOT_MS % len(self._demand_w)]
        return power_w * self.rating.cop_permille - demand_w * 1000

    def _at(self, store_wh: int) -> int:
        return store_wh * MJ_PER_WH * 1000

    def _shown(self) -> object:
        return None
