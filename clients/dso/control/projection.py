"""From what the station's meter shows in the middle of a slot to the sums that the slot will end with (6.22)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clients.common.slots import SLOTS_PER_HOUR, SlotClock
from clients.dso.control.constraint import Vector, pcc_name
from wire.station import StationNow


def projected_wh(now: StationNow, pccs: Sequence[str], clock: SlotClock) -> Vector:
    """The slot's flow of each PCC if powers stay as they are, Wh.

    A slot stands for ten minutes of energy, however long it lasts. Raises: KeyError for a PCC that isn't measured.
    """
    share = (now.time_ms / 1000 - clock.start_s(now.slot)) / clock.slot_seconds
    left = min(1.0, max(0.0, 1.0 - share))
    by_name = {pcc_name(pcc.feeder, pcc.phase): pcc.energy_wh + pcc.power_w * left / SLOTS_PER_HOUR for pcc in now.pccs}
    return np.array([by_name[pcc] for pcc in pccs], dtype=np.float64)
