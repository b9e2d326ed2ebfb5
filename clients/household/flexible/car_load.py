"""A car at its charging point."""

from __future__ import annotations

from clients.common.slots import SLOTS_PER_HOUR
from clients.household.devices import CarCharger
from clients.household.flexible.load import Horizon, Load
from clients.household.planner.car import Car


class CarLoad(Load):
    """Charges what is needed by the departure; all that fits in, while the person wants it charged now."""

    def __init__(self, device: CarCharger) -> None:
        super().__init__(device)
        self._car = device
        self._departure = 0
        self._charged_until = -1

    def need(self, horizon: Horizon) -> Car | None:
        """See Load."""
        state, slots = self._car.state, horizon.slots
        until_s = horizon.wishes.charge_until_s
        self._charged_until = horizon.clock.slot_at(until_s - 1) if until_s else -1
        if state is None or not self._car.available or not state.connected:
            return None
        departure = slots.stop if state.departure_s is None else horizon.clock.slot_at(state.departure_s)
        self._departure = departure
        # What the running slot still brings is not known to the Wh; it is corrected a slot later.
        running_wh = self.schedule.get(slots.start - 1, 0) // 2
        slot_wh = self._car.most_w / SLOTS_PER_HOUR
        later_wh = max(0, departure - slots.stop) * slot_wh
        needed_wh = max(0.0, state.needed_wh - running_wh - later_wh)
        if departure <= slots.start or not needed_wh:
            return None
        return Car(needed_wh, self._car.most_w, min(departure, slots.stop) - slots.start, name=self.name)

    def target_w(self, slot: int) -> int | None:
        """See Load."""
        state = self._car.state
        if state is None or not state.connected:
            return None
        if slot <= self._charged_until:
            return self._car.most_w if state.car_wh < state.car_capacity_wh else 0
        least_w, _ = self.may_take_w(slot)
        return max(least_w, self.possible_w(self.schedule.get(slot, 0) * SLOTS_PER_HOUR))

    @property
    def is_there(self) -> bool:
        """Whether a car could be charged now."""
        state = self._car.state
        return self._car.available and state is not None and state.connected and state.car_wh < state.car_capacity_wh

    def may_take_w(self, slot: int) -> tuple[int, int]:
        """The least and the most that it may take in a slot without missing its departure."""
        state = self._car.state
        if state is None or not self.is_there or slot <= self._charged_until:
            return (self._car.most_w, self._car.most_w)
        slots_after = max(0, self._departure - slot - 1)
        due_wh = state.needed_wh - slots_after * self._car.most_w // SLOTS_PER_HOUR
        # Less than its least power can give is due too, in the end.
        least_w = self.possible_w(max(due_wh * SLOTS_PER_HOUR, self._car.least_w)) if due_wh > 0 else 0
        return (least_w, self._car.most_w if state.needed_wh else 0)
