"""When things happen in a run (ADR 11)."""

from __future__ import annotations

import math
from typing import NamedTuple

SLOTS_PER_DAY = 144
# Enough for the intraday gate, and for all services to be ready on a slow machine.
_LEAD_SLOTS, _LEAD_SECONDS = 10, 40
# From the decision on the epoch until the chain's first slot: keys, genesis, validators.
_START_SECONDS = 15


class Timing(NamedTuple):
    """Slot 0 is a midnight; the day that is run is slots 144 to 287, the chain starts in ``first_slot``."""

    epoch_s: int
    slot_seconds: int
    first_slot: int

    @classmethod
    def starting(cls, now_s: int, slot_seconds: int) -> Timing:
        """A run whose first slot begins in a moment."""
        lead = max(_LEAD_SLOTS, math.ceil(_LEAD_SECONDS / slot_seconds))
        first_slot = SLOTS_PER_DAY - lead
        return cls(now_s + _START_SECONDS - first_slot * slot_seconds, slot_seconds, first_slot)

    @property
    def day_slot(self) -> int:
        """The slot that is the day's midnight."""
        return SLOTS_PER_DAY

    @property
    def last_slot(self) -> int:
        """The day's last slot."""
        return 2 * SLOTS_PER_DAY - 1

    def slot_start_s(self, slot: int) -> int:
        """The Unix time at which a slot begins."""
        return self.epoch_s + slot * self.slot_seconds
