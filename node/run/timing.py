"""When things happen in a run (ADR 11)."""

from __future__ import annotations

import math
from typing import NamedTuple

from clients.common.slots import SLOTS_PER_DAY

# Noon of the day before, as a slot of it (MODEL section 4).
NOON_SLOT = 72
INTRADAY_GATE_SLOTS = 6
# Enough for the intraday gate, and for all services to be ready on a slow machine.
_LEAD_SLOTS, _LEAD_SECONDS = 10, 20
# From the decision on the epoch until the chain's first slot: keys, genesis, validators.
_START_SECONDS = 15


class DayAhead(NamedTuple):
    """Hourly blocks are traded before the day. ``gate_slots``: they close so many slots before they start; None: at
    noon of the day before, as the standard product does."""

    gate_slots: int | None = None

    @classmethod
    def parse(cls, text: str) -> DayAhead:
        """Reads ``noon`` or a number of slots. Raises: ValueError."""
        if text == "noon":
            return cls()
        if not text.isdecimal() or not INTRADAY_GATE_SLOTS <= int(text) <= SLOTS_PER_DAY:
            raise ValueError(
                f"day-ahead = {text!r}: give noon, or how many slots before its start an hourly block closes, from "
                f"{INTRADAY_GATE_SLOTS}, when the intraday market closes, to {SLOTS_PER_DAY}"
            )
        return cls(int(text))


class Timing(NamedTuple):
    """Slot 0 is a midnight and the day begins in slot 144. The chain starts in ``first_slot``, some slots before
    ``from_slot``, with which the ``slots`` slots begin that are reported."""

    epoch_s: int
    slot_seconds: int
    first_slot: int
    from_slot: int
    slots: int

    @classmethod
    def starting(
        cls, now_s: int, slot_seconds: int, from_slot_of_day: int, slots: int, day_ahead: DayAhead | None = None
    ) -> Timing:
        """A run whose first slot begins in a moment, before the gate of ``day_ahead`` for its first slots.

        Raises: ValueError for slots that are not of one day.
        """
        if not (from_slot_of_day >= 0 and 1 <= slots <= SLOTS_PER_DAY - from_slot_of_day):
            raise ValueError(
                f"from slot {from_slot_of_day}, {slots} slots: a day has slots 0 to {SLOTS_PER_DAY - 1}; "
                "stay within one day"
            )
        from_slot = SLOTS_PER_DAY + from_slot_of_day
        first_gate = from_slot
        if day_ahead is not None:
            first_gate = NOON_SLOT if day_ahead.gate_slots is None else from_slot - day_ahead.gate_slots
        first_slot = first_gate - max(_LEAD_SLOTS, math.ceil(_LEAD_SECONDS / slot_seconds))
        return cls(now_s + _START_SECONDS - first_slot * slot_seconds, slot_seconds, first_slot, from_slot, slots)

    @property
    def day_slot(self) -> int:
        """The slot that is the day's midnight."""
        return SLOTS_PER_DAY

    @property
    def lived(self) -> range:
        """All slots up to the last that is reported, those before the reported ones included."""
        return range(self.first_slot, self.last_slot + 1)

    @property
    def last_slot(self) -> int:
        """The last slot that is reported."""
        return self.from_slot + self.slots - 1

    def slot_start_s(self, slot: int) -> int:
        """The Unix time at which a slot begins."""
        return self.epoch_s + slot * self.slot_seconds

    def slot_at(self, time_s: float) -> int:
        """The slot that runs at a Unix time."""
        return int(time_s - self.epoch_s) // self.slot_seconds
