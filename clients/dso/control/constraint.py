"""What the DSO asks of its PCCs, and what it knows of the homes behind them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from wire.control import ControlReason, PccLimit
from wire.station import StationReading

Vector = NDArray[np.float64]


def pcc_name(feeder: str, phase: str) -> str:
    """How a PCC, a phase of a feeder, is named on the chain."""
    return f"{feeder}-{phase}".lower()


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

    def steeper(self, times: float) -> Flexibility:
        """The same homes, thought to answer more strongly."""
        return replace(self, steepest_wh=self.steepest_wh * times)


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


class Cause(NamedTuple):
    """Why control started: the reason, and in words what was measured or is to come, and where."""

    reason: ControlReason
    why: str


class SlotView(NamedTuple):
    """What the DSO knows of a slot about to begin, or begun, when it asks whether flows must be controlled.

    ``committed_wh``: x-hat of each home by its id in the network, as the chain has it (homes without a commitment are
    left out). ``phases``: the phase (``a``, ``b``, ``c``) that each home is on. ``last``: the station's reading of
    the slot before, if it came; ``voltages_mv``: what the homes' own meters measured in it, by home id. ``held``: why
    the slot before was controlled, if flows had to be moved to its end.
    """

    slot: int
    committed_wh: Mapping[str, int]
    phases: Mapping[str, str]
    last: StationReading | None
    voltages_mv: Mapping[str, int]
    held: Cause | None = None


@dataclass(frozen=True)
class Demand:
    """That a slot's flows be controlled, why, and (6.7): what each PCC may have, one limit a PCC with its reason.

    PCCs are named ``<feeder>-<phase>``; ``homes`` of a limit is how many are on it. ``why`` is the reason in words:
    what was measured or is to come, and where.
    """

    slot: int
    reason: ControlReason
    limits: tuple[PccLimit, ...]
    why: str = ""

    @property
    def constraint(self) -> Constraint:
        """The limits as arrays, in their order."""
        return Constraint(
            np.array([limit.min_wh if limit.has_min else -np.inf for limit in self.limits], dtype=np.float64),
            np.array([limit.max_wh if limit.has_max else np.inf for limit in self.limits], dtype=np.float64),
        )


class Monitor(Protocol):
    """What decides that a session is wanted (thesis, section 6.4.6)."""

    def demand(self, view: SlotView) -> Demand | None:
        """Why and how a slot's flows must be controlled; None if they needn't be."""
        ...
