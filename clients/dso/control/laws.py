"""Which update law a session is run by."""

from __future__ import annotations

from clients.dso.control.constraint import Constraint, Flexibility, Vector
from clients.dso.control.law import Law
from clients.dso.control.law_name import LawName
from clients.dso.control.secant_law import SecantLaw
from clients.dso.control.thesis_law import ThesisLaw


def law_of(
    name: LawName,
    constraint: Constraint,
    flexibility: Flexibility,
    fee: float,
    tolerance_wh: float,
    start_wh: Vector,
    start_neur_per_wh: Vector | None = None,
) -> Law:
    """A law at its beginning; ``constraint`` is attainable, ``start_wh`` are the aggregates without a signal.

    ``start_neur_per_wh``: where the secant begins to look, else at no signal.
    """
    match name:
        case LawName.SECANT:
            return SecantLaw(constraint, flexibility, fee, tolerance_wh, start_neur_per_wh)
        case LawName.THESIS:
            return ThesisLaw(constraint, flexibility, fee, start_wh)
