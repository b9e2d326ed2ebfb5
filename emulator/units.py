"""Units of the emulated physics: integer milliseconds of emulated time and integer millijoules, so that sums are
exact.

A watt for a millisecond is a millijoule: power_w * duration_ms = energy_mj with nothing to round. (``mj`` in a name
is millijoule.)
"""

from __future__ import annotations

SLOT_MS = 600_000
"""A slot stands for ten minutes of the neighbourhood's life, however long it lasts on the clock."""
SLOTS_A_DAY = 144
MJ_PER_WH = 3_600_000
