"""A session of real-time control: signals and answers in turn, until they agree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from clients.dso.control.constraint import Constraint, Flexibility
from clients.dso.control.law_name import LawName
from clients.dso.control.laws import law_of
from clients.household.response.best_response import best_response
from clients.household.response.homes import Homes, Vector


class Status(Enum):
    """How a session ended."""

    CONVERGED = "converged"
    UNATTAINABLE = "unattainable"
    NOT_CONVERGED = "not_converged"


@dataclass(frozen=True)
class Session:
    """What a session is opened with; ``pcc_of`` is each home's PCC, as an index into the constraint's arrays."""

    constraint: Constraint
    homes: Homes
    pcc_of: NDArray[np.intp]
    distribution_fee: float
    """D of (6.12), neur/Wh per Wh of the average over all homes; zero or more."""
    tolerance_wh: float
    """The residual of a PCC's aggregate at which the session ends; above zero."""
    max_iterations: int
    law: LawName

    def together(self, values: Vector) -> Vector:
        """The sum over each PCC's homes of a value a home."""
        pccs = len(self.constraint.min_wh)
        return np.bincount(self.pcc_of, weights=values, minlength=pccs).astype(np.float64)


@dataclass(frozen=True)
class Outcome:
    """How a session went; arrays have one value a PCC, ``flow_wh`` one a home."""

    status: Status
    residual_wh: float
    signals_neur_per_wh: list[Vector]
    """The signal of each iteration."""
    flow_wh: Vector
    aggregate_wh: Vector
    unattainable: NDArray[np.bool_]
    """The PCCs whose constraint no flows of the homes meet; their aggregate is the closest attainable one."""


def run_session(session: Session) -> Outcome:
    """Run a session to its end: at once if a constraint is unattainable, else as many iterations as it takes."""
    homes, together = session.homes, session.together
    flexibility = Flexibility(
        lowest_wh=together(homes.lowest_wh),
        highest_wh=together(homes.highest_wh),
        steepest_wh=together(homes.steepest_wh),
        homes=len(homes.net_load_wh),
    )
    unattainable = session.constraint.unattainable(flexibility, session.tolerance_wh)
    if np.any(unattainable):
        return _closest(session, flexibility, unattainable)
    law = law_of(
        session.law,
        session.constraint.closest_attainable(flexibility),
        flexibility,
        session.distribution_fee,
        session.tolerance_wh,
        together(homes.committed_wh),
    )
    signals: list[Vector] = []
    while True:
        signal = law.signal_neur_per_wh
        signals.append(signal)
        flow_wh = best_response(homes, signal[session.pcc_of])
        aggregate_wh = together(flow_wh)
        residual_wh = law.residual_wh(aggregate_wh)
        if residual_wh <= session.tolerance_wh or len(signals) == session.max_iterations:
            break
        law.update(aggregate_wh)
    status = Status.CONVERGED if residual_wh <= session.tolerance_wh else Status.NOT_CONVERGED
    return Outcome(status, residual_wh, signals, flow_wh, aggregate_wh, unattainable)


def _closest(session: Session, flexibility: Flexibility, unattainable: NDArray[np.bool_]) -> Outcome:
    """Homes behind an unattainable constraint go to their limits; others do what they would without a signal."""
    homes = session.homes
    free_wh = best_response(homes, np.zeros_like(homes.net_load_wh))
    too_high = flexibility.lowest_wh > session.constraint.max_wh
    limit_wh = np.where(too_high[session.pcc_of], homes.lowest_wh, homes.highest_wh)
    flow_wh = np.where(unattainable[session.pcc_of], limit_wh, free_wh)
    aggregate_wh = session.together(flow_wh)
    apart_wh = np.abs(aggregate_wh - session.constraint.nearest(aggregate_wh))
    return Outcome(Status.UNATTAINABLE, float(np.max(apart_wh)), [], flow_wh, aggregate_wh, unattainable)
