"""Slots in Unix time (MODEL section 1): slot n runs from epoch_s + n * slot_seconds."""

from __future__ import annotations

import asyncio
import time
from typing import Final, NamedTuple

# Of the grid's time, however long a slot lasts in an accelerated network.
SLOTS_PER_HOUR: Final = 6
SLOTS_PER_DAY: Final = 144


class SlotClock(NamedTuple):
    """A grid's slot timing. ``epoch_s`` in Unix seconds."""

    epoch_s: int
    slot_seconds: int

    def slot_at(self, time_s: float) -> int:
        """The slot that runs at a time; negative before the epoch."""
        return int((time_s - self.epoch_s) // self.slot_seconds)

    def start_s(self, slot: int) -> int:
        """When a slot starts, in Unix seconds."""
        return self.epoch_s + slot * self.slot_seconds

    def end_s(self, slot: int) -> int:
        """When a slot is over, in Unix seconds."""
        return self.start_s(slot + 1)

    async def until(self, slot: int, share: float = 0.0) -> None:
        """Return when a slot has begun, or this share of it is over. The clock is read again each second."""
        while (left_s := self.start_s(slot) + share * self.slot_seconds - time.time()) > 0:
            await asyncio.sleep(min(left_s, 1.0))
