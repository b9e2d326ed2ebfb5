"""The arrays of a day: (slots,), (homes,) or (slots, homes), as each place says."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Whole = NDArray[np.int64]

SLOTS: Final = 144
SLOTS_PER_HOUR: Final = 6
SLOT_SECONDS: Final = 600
# Mean W of a slot from its Wh.
W_PER_WH: Final = 3600 / SLOT_SECONDS
