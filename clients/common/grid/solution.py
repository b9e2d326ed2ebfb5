"""The solved flows of a series of slots."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clients.common.grid.network import Network

Real = NDArray[np.float64]


class Failure(NamedTuple):
    """A slot whose flows have no solution, and the bus and phase at which the search ended furthest from one."""

    slot: int
    bus: str
    phase: str

    def as_text(self) -> str:
        """One line for people."""
        return (
            f"slot {self.slot}: the flows don't converge, worst at bus {self.bus} phase {self.phase}: "
            "more is asked of the network than it can carry"
        )


@dataclass(frozen=True)
class Solution:
    """What flows in each slot (S), at each bus (B), line (L) and home (H), in the network's order.

    Arrays of a slot that failed hold NaN. ``phase_neutral_v`` is (S, B, 3); ``vuf_percent`` (4.3c) is (S, B);
    ``line_phase_a`` (S, L, 3) and ``line_neutral_a`` (S, L) are the magnitudes of currents; ``loading_percent`` (S, L)
    is that of a line's most loaded conductor. Losses are (S,): a conductor's loss is the power that goes in at its one
    end and doesn't come out at the other. ``transformer_high_w`` and ``transformer_low_w`` (S, 3) are the powers that
    enter the high-voltage phases and leave the low-voltage ones; ``transformer_low_va`` (S, 3) the apparent powers.
    ``feeder_w`` (S, F, 3) is what leaves the transformer's bus on each phase of each feeder, in the order of
    `feeders.heads`. ``home_v`` (S, H) is the voltage across each home, the mean of three where it has all phases.
    """

    network: Network
    phase_neutral_v: Real
    vuf_percent: Real
    line_phase_a: Real
    line_neutral_a: Real
    loading_percent: Real
    line_phases_loss_w: Real
    line_neutral_loss_w: Real
    transformer_loss_w: Real
    transformer_high_w: Real
    transformer_low_w: Real
    transformer_low_va: Real
    feeder_w: Real
    home_v: Real
    failures: tuple[Failure, ...]

    @property
    def transformer_loading_percent(self) -> Real:
        """The most loaded winding against a third of the rating: (S,)."""
        worst = self.transformer_low_va.max(axis=1, initial=0.0)
        return np.asarray(100 * worst / (self.network.transformer.rating_va / 3))


def join(parts: list[Solution]) -> Solution:
    """One solution of the slots of all parts, in order; failures keep the numbers that they have."""
    arrays = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Solution)
        if field.name not in ("network", "failures")
    }
    failures = tuple(failure for part in parts for failure in part.failures)
    return Solution(network=parts[0].network, failures=failures, **arrays)
