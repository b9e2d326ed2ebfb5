"""What the DSO asks of its PCCs, and what it knows of the homes behind them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Flexibility:
    """What the homes of each PCC can do together, one value a PCC: the budget that homes declare (thesis, section 6.5).

    These sums are all that the DSO's side ever learns of homes, beside the aggregates that it measures.
    """

    lowest_wh: Vector
    highest_wh: Vector
    """The least and the greatest aggregate that the homes can reach."""
    steepest_wh: Vector
    """By how much the aggregate falls at most when the signal rises by 1 neur/Wh."""
    homes: int
    """H: the homes of all PCCs, over which (6.7) and (6.12) take averages."""


@dataclass(frozen=True)
class Constraint:
    """The aggregates that a PCC may have, one value a PCC; (6.7) times H. Infinite where there is no limit."""

    min_wh: Vector
    max_wh: Vector

    def unattainable(self, flexibility: Flexibility, tolerance_wh: float) -> NDArray[np.bool_]:
        """Which PCCs can't come within ``tolerance_wh`` of what is asked, whatever the signal."""
        too_high = flexibility.lowest_wh > self.max_wh + tolerance_wh
        too_low = flexibility.highest_wh < self.min_wh - tolerance_wh
        return np.logical_or(too_high, too_low)

    def closest_attainable(self, flexibility: Flexibility) -> Constraint:
        """The part of the constraint that homes can reach; where there is none, the attainable aggregate next to it."""
        low, high = flexibility.lowest_wh, flexibility.highest_wh
        return Constraint(np.clip(self.min_wh, low, high), np.clip(self.max_wh, low, high))

    def nearest(self, aggregate_wh: Vector) -> Vector:
        """The aggregates that are allowed and nearest to these."""
        return np.minimum(np.maximum(aggregate_wh, self.min_wh), self.max_wh)
