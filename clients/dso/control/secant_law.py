"""Our own update law: a safeguarded secant for each PCC."""

from __future__ import annotations

import numpy as np

from clients.dso.control.constraint import Constraint, Flexibility, Vector
from clients.dso.control.root import Root


class SecantLaw:
    """Each PCC's signal is the root of one falling function of it, which this law looks for by itself.

    With u the signal, A(u) the aggregate, lambda = u - D A(u) / H and C what is allowed, u is an equilibrium exactly
    where ``A(u) - nearest(A(u) + w lambda)`` is zero, for any w > 0. Where no limit binds that is ``-w lambda``, else
    ``A(u)`` less the limit: it falls as u rises, at most as steeply as the homes' flexibility allows once w is chosen
    for it. A PCC depends on no other, since D is diagonal.
    """

    def __init__(
        self,
        constraint: Constraint,
        flexibility: Flexibility,
        fee: float,
        tolerance_wh: float,
        start_neur_per_wh: Vector | None = None,
    ) -> None:
        """``constraint`` is attainable; ``fee``: D, neur/Wh per Wh; roots are good at ``tolerance_wh``.

        ``start_neur_per_wh``: where to look first; 0 unless given.
        """
        steepest = np.where(flexibility.steepest_wh > 0, flexibility.steepest_wh, 1.0)
        self._constraint = constraint
        self._fee = fee / max(flexibility.homes, 1)
        self._weight = steepest / (1.0 + self._fee * steepest)
        places = np.zeros_like(steepest) if start_neur_per_wh is None else start_neur_per_wh
        self._roots = [
            Root(float(slope), tolerance_wh, float(place)) for slope, place in zip(steepest, places, strict=True)
        ]

    @property
    def signal_neur_per_wh(self) -> Vector:
        """The next place to look at, one a PCC."""
        return np.array([root.place for root in self._roots], dtype=np.float64)

    def residual_wh(self, aggregate_wh: Vector) -> float:
        """The function's greatest distance from zero."""
        return float(np.max(np.abs(self._values(aggregate_wh)), initial=0.0))

    def update(self, aggregate_wh: Vector) -> None:
        """Move every PCC's signal that isn't a root yet."""
        for root, value in zip(self._roots, self._values(aggregate_wh), strict=True):
            root.update(float(value))

    def _values(self, aggregate_wh: Vector) -> Vector:
        excess = self.signal_neur_per_wh - self._fee * aggregate_wh
        return aggregate_wh - self._constraint.nearest(aggregate_wh + self._weight * excess)
