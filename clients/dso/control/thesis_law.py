"""The thesis's update law (6.21)."""

from __future__ import annotations

import numpy as np

from clients.dso.control.constraint import Constraint, Flexibility, Vector

# The step of (6.21), without a unit, since signals are scaled by the flexibility. With a fee the law also moves where
# no limit binds, and a step of 1 then swings from side to side.
_EPSILON = 1.0
_EPSILON_WITH_FEE = 0.6


class ThesisLaw:
    """(6.21) with M and Gamma of (6.19) and (6.20) and alpha = 1.

    sigma and lambda are in Wh of an average home. K turns lambda into a price; it is chosen for each PCC such that the
    average answers a step of 1 Wh in lambda by at most 1 Wh, which is the thesis's 1-strong convexity in units.
    """

    def __init__(self, constraint: Constraint, flexibility: Flexibility, fee: float, start_wh: Vector) -> None:
        """``constraint`` is attainable; ``fee``: D, neur/Wh per Wh; ``start_wh``: the aggregates that are committed."""
        self._constraint = constraint
        self._homes = max(flexibility.homes, 1)
        self._fee = fee
        steepest = flexibility.steepest_wh
        feedback = fee * float(np.max(steepest, initial=0.0)) / self._homes
        self._epsilon = _EPSILON if fee == 0.0 else _EPSILON_WITH_FEE / (1.0 + feedback)
        self._weight = np.divide(self._homes, steepest, out=np.ones_like(steepest), where=steepest > 0)
        self._sigma = start_wh / self._homes
        self._lambda = np.zeros_like(start_wh)
        self._started = False

    @property
    def signal_neur_per_wh(self) -> Vector:
        """(6.12)."""
        return self._fee * self._sigma + self._weight * self._lambda

    def residual_wh(self, aggregate_wh: Vector) -> float:
        """The greatest of |sigma - A| and |A - x0|, times H: zero where (6.17) is."""
        average = aggregate_wh / self._homes
        apart = np.abs(self._wanted(average) - average)
        if self._state_counts:
            apart = np.maximum(apart, np.abs(self._sigma - average))
        return float(self._homes * np.max(apart, initial=0.0))

    def update(self, aggregate_wh: Vector) -> None:
        """(6.21), with the inverse of I + epsilon M written out."""
        average = aggregate_wh / self._homes
        wanted = self._wanted(average)
        sigma = self._sigma if self._state_counts else average
        self._sigma = (sigma + self._epsilon * average) / (1.0 + self._epsilon)
        self._lambda = self._lambda + self._epsilon * (2.0 * average - wanted - self._sigma)
        self._started = True

    @property
    def _state_counts(self) -> bool:
        # Without a fee the first signal doesn't depend on sigma, so that the first measurement is the better start.
        return self._started or self._fee != 0.0

    def _wanted(self, average: Vector) -> Vector:
        """x0 of (6.16): sigma + lambda projected onto C. As printed, lambda's sign is wrong, and the law diverges."""
        sigma = self._sigma if self._state_counts else average
        return self._constraint.nearest(self._homes * (sigma + self._lambda)) / self._homes
