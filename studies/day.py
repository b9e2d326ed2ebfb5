"""A lived day, slot by slot and home by home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from studies.arrays import Real, Whole


class Commitments(NamedTuple):
    """What homes have agreed and planned for one slot, Wh, and what the slot then brings: (homes,).

    ``net_load_wh``: r as it turns out; ``battery_wh``: s-hat; ``market_wh``: x-hat_m, at ``price_neur_per_wh``;
    ``supplier_wh``: x-hat_u. Names with a hat are the thesis's (6.1).
    """

    slot: int
    net_load_wh: Real
    battery_wh: Real
    market_wh: Whole
    price_neur_per_wh: Whole
    supplier_wh: Whole

    @property
    def committed_wh(self) -> Whole:
        """x-hat (6.1)."""
        return self.market_wh + self.supplier_wh


@dataclass(frozen=True, eq=False)
class Day:
    """Arrays are (slots, homes), in Wh; see `Commitments`.

    ``offers_wh``: what was offered, bought positive; ``battery_wh``: s, what flowed; ``energy_wh``: what the battery
    held afterwards; ``flow_wh``: x = r - s.
    """

    net_load_wh: Real
    offers_wh: Whole
    planned_wh: Real
    market_wh: Whole
    price_neur_per_wh: Whole
    supplier_wh: Whole
    battery_wh: Real
    energy_wh: Real

    @property
    def flow_wh(self) -> Real:
        """What each home takes from the grid (positive) or injects."""
        return self.net_load_wh - self.battery_wh

    @property
    def committed_wh(self) -> Whole:
        """x-hat (6.1)."""
        return self.market_wh + self.supplier_wh

    @property
    def traded_wh(self) -> int:
        """What neighbours bought of each other."""
        return int(np.maximum(self.market_wh, 0).sum())

    @property
    def delivered_wh(self) -> float:
        """What of it was really taken by the buyers: a certificate stands for no more (MODEL section 6)."""
        return float(np.minimum(np.maximum(self.flow_wh, 0), np.maximum(self.market_wh, 0)).sum())
