"""An appliance at a plug: it waits for current, runs once a day, and can't be interrupted."""

from __future__ import annotations

from collections.abc import Sequence

from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.household.devices import Plug
from clients.household.flexible.load import Horizon, Load
from clients.household.flexible.section import ApplianceSection
from clients.household.planner.appliance import Appliance


class ApplianceLoad(Load):
    """The plug is off from just before the appliance is ready until the run's chosen slot, and else on its own (on)."""

    def __init__(self, device: Plug, section: ApplianceSection) -> None:
        super().__init__(device)
        self._plug = device
        self._section = section
        self._profile_wh = tuple(power_w / SLOTS_PER_HOUR for power_w in section.profile_w)
        self._start: int | None = None
        self._window = range(0)

    def need(self, horizon: Horizon) -> Appliance | None:
        """See Load."""
        first, section = horizon.slots.start, self._section
        now = first - 1
        ready = self._ready_before(first)
        window = range(ready, ready + section.window_slots)
        begun = self._start is not None and self._start in window and self._start <= now
        if begun and self._start is not None and first < self._start + len(self._profile_wh):
            # What is left of it is no question any more.
            return None
        if begun or first > window.stop - len(self._profile_wh):
            window = range(ready + SLOTS_PER_DAY, ready + SLOTS_PER_DAY + section.window_slots)
        self._window = window
        if horizon.wishes.away or not self._plug.available or window.start >= horizon.slots.stop:
            return None
        deadline = min(window.stop, horizon.slots.stop) - first
        earliest = max(0, window.start - first)
        if deadline - earliest < len(self._profile_wh):
            return None
        return Appliance(self._profile_wh, deadline, earliest, self.name)

    def take(self, horizon: Horizon, planned_wh: Sequence[float]) -> None:
        """See Load."""
        taken = [index for index, energy_wh in enumerate(planned_wh) if energy_wh > 0]
        super().clear(horizon.slots)
        self._start = horizon.slots[taken[0]] if taken else None
        if self._start is not None:
            for offset, energy_wh in enumerate(self._profile_wh):
                self.schedule[self._start + offset] = round(energy_wh)

    def clear(self, slots: range) -> None:
        """See Load; a run that has begun goes on."""
        if self._start is None or self._start >= slots.start:
            super().clear(slots)
            self._start = None

    def target_w(self, slot: int) -> int | None:
        """See Load."""
        rating = self._plug.rating
        if rating is None:
            return None
        if self._start is not None and self._start <= slot < self._start + len(self._profile_wh):
            return rating.max_w
        waits = self._start is not None and slot < self._start and slot >= self._window.start - 1
        return 0 if waits else None

    def _ready_before(self, slot: int) -> int:
        """The last slot up to this one that it was ready in."""
        return slot - (slot - self._section.ready_slot) % SLOTS_PER_DAY
