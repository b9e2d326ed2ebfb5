"""What all flexible loads have in common: a driver, a schedule by slot, and commands that follow it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

from clients.common.slots import SLOTS_PER_HOUR, SlotClock
from clients.household.devices import CommandRefused, Moment
from clients.household.devices.flexible_device import FlexibleDevice
from clients.household.person.wishes import Wishes
from clients.household.planner.appliance import Appliance
from clients.household.planner.car import Car
from clients.household.planner.heat_store import HeatStore

log = logging.getLogger(__name__)

# A command outlives its slot by this one, so that the next one's comes in time; then the device is on its own.
COMMANDED_SLOTS = 2


class Horizon(NamedTuple):
    """The slots of a plan, and what the person wants."""

    slots: range
    clock: SlotClock
    wishes: Wishes


class Load(ABC):
    """One device. ``schedule``: what it is to take in each slot, Wh, as it was planned last."""

    def __init__(self, device: FlexibleDevice[Any, Any]) -> None:
        self.device = device
        self.schedule: dict[int, int] = {}
        self._until_s = 0

    @property
    def name(self) -> str:
        """The device's."""
        return self.device.name

    @abstractmethod
    def need(self, horizon: Horizon) -> Car | HeatStore | Appliance | None:
        """What to plan for; None where there is nothing."""

    @abstractmethod
    def target_w(self, slot: int) -> int | None:
        """What to set it to in a slot; None leaves it to itself."""

    def take(self, horizon: Horizon, planned_wh: Sequence[float]) -> None:
        """Follow a plan of what it takes (Wh by slot) with the powers that it has.

        What a slot takes more or less than planned, the next one takes less or more.
        """
        left_wh = 0.0
        for slot, energy_wh in zip(horizon.slots, planned_wh, strict=True):
            left_wh += energy_wh
            self.schedule[slot] = self.possible_w(left_wh * SLOTS_PER_HOUR) // SLOTS_PER_HOUR
            left_wh -= self.schedule[slot]

    def clear(self, slots: range) -> None:
        """There is nothing to plan for."""
        for slot in slots:
            self.schedule.pop(slot, None)

    def forget_before(self, slot: int) -> None:
        """Drop what concerns slots that are over."""
        for old in [number for number in self.schedule if number < slot]:
            del self.schedule[old]

    def possible_w(self, wish_w: float) -> int:
        """The power next to a wish that the device can take."""
        rating = self.device.rating
        if rating is None or wish_w < rating.min_w / 2 or wish_w < 1:
            return 0
        return int(max(rating.min_w, min(self.device.most_w, round(wish_w))))

    def command(self, slot: int, clock: SlotClock, target_w: int | None, now: Moment) -> None:
        """Set it for a slot that runs, where it isn't set so already."""
        state = self.device.state
        if target_w is None or state is None or not self.device.available:
            return
        if state.set_w == target_w and not self._ends_soon(slot, clock):
            return
        try:
            self.device.set_power(target_w, clock.start_s(slot + COMMANDED_SLOTS), now)
        except CommandRefused as refused:
            log.info("%s/%s: %s", self.device.home, self.name, refused)
        else:
            self._until_s = clock.start_s(slot + COMMANDED_SLOTS)

    def _ends_soon(self, slot: int, clock: SlotClock) -> bool:
        return self._until_s <= clock.start_s(slot + 1)
