"""Fields of the messages of sessions: what a DSO may ask for at all."""

from __future__ import annotations

from abci_app.core import check
from abci_app.modules.grid.api import MAX_PRICE_NEUR_PER_WH
from abci_app.modules.grid.slots import MAX_SLOT
from wire.control import (
    CloseControl,
    ControlLaw,
    ControlOutcome,
    ControlReason,
    ControlTerms,
    OpenControl,
    PccLimit,
    PostSignal,
)

# Three phases of some twenty feeders.
MAX_PCCS = 64
MAX_HOMES = 1_000_000
MAX_AGGREGATE_WH = 10**9
MAX_ITERATIONS = 500
MAX_ITERATION_SECONDS = 3600
# Numbers of sessions and iterations have four bytes in a key.
MAX_NUMBER = (1 << 32) - 1
MAX_REASON_CHARACTERS = 200
_ROOT_BYTES = 32
# How a DSO can end a session; the other outcomes come by themselves.
_OUTCOMES = (
    ControlOutcome.CONTROL_OUTCOME_CONVERGED,
    ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED,
    ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE,
    ControlOutcome.CONTROL_OUTCOME_ABORTED,
)


def check_open(message: OpenControl) -> None:
    """Fields of OpenControl."""
    check.name("vdg", message.vdg)
    check.at_most("slot", message.slot, MAX_SLOT)
    terms = message.terms
    if terms is None:
        raise check.invalid("terms", None, "give what the session is about")
    _check_terms(terms)
    for limit in terms.pccs:
        _check_limit(limit)
    if len({limit.pcc for limit in terms.pccs}) != len(terms.pccs):
        raise check.invalid("terms.pccs.pcc", "twice", "give each PCC once")


def _check_terms(terms: ControlTerms) -> None:
    if terms.reason is ControlReason.CONTROL_REASON_UNSPECIFIED:
        raise check.invalid("terms.reason", terms.reason.name, "give VOLTAGE, CURRENT or FORECAST")
    if terms.law is ControlLaw.CONTROL_LAW_UNSPECIFIED:
        raise check.invalid("terms.law", terms.law.name, "give SECANT or THESIS")
    check.length("terms.pccs", terms.pccs, 1, MAX_PCCS)
    check.at_most("terms.distribution_fee_neur_per_wh2", terms.distribution_fee_neur_per_wh2, MAX_PRICE_NEUR_PER_WH)
    check.at_most("terms.tolerance_wh", terms.tolerance_wh, MAX_AGGREGATE_WH)
    check.positive("terms.max_iterations", terms.max_iterations)
    check.at_most("terms.max_iterations", terms.max_iterations, MAX_ITERATIONS)
    check.positive("terms.iteration_seconds", terms.iteration_seconds)
    check.at_most("terms.iteration_seconds", terms.iteration_seconds, MAX_ITERATION_SECONDS)
    check.length("terms.assignment_root", terms.assignment_root, _ROOT_BYTES, _ROOT_BYTES)


def _check_limit(limit: PccLimit) -> None:
    check.name("terms.pccs.pcc", limit.pcc)
    check.positive("terms.pccs.homes", limit.homes)
    check.at_most("terms.pccs.homes", limit.homes, MAX_HOMES)
    for field, given, value in (("min_wh", limit.has_min, limit.min_wh), ("max_wh", limit.has_max, limit.max_wh)):
        check.at_most(f"terms.pccs.{field} (magnitude)", abs(value), MAX_AGGREGATE_WH)
        if value and not given:
            raise check.invalid(f"terms.pccs.{field}", value, "say that there is such a limit, or leave it 0")
    for field, text in (("min_reason", limit.min_reason), ("max_reason", limit.max_reason)):
        check.label(f"terms.pccs.{field}", text, MAX_REASON_CHARACTERS)
    if limit.has_min and limit.has_max and limit.min_wh > limit.max_wh:
        raise check.invalid("terms.pccs.min_wh", limit.min_wh, f"give at most max_wh = {limit.max_wh}")


def check_signal(message: PostSignal) -> None:
    """Fields of PostSignal."""
    check.at_most("iteration", message.iteration, MAX_NUMBER)
    check.length("neur_per_wh", message.neur_per_wh, 1, MAX_PCCS)
    for price in message.neur_per_wh:
        check.at_most("neur_per_wh (magnitude)", abs(price), MAX_PRICE_NEUR_PER_WH)
    _check_place(message)


def check_close(message: CloseControl) -> None:
    """Fields of CloseControl."""
    check.at_most("iterations", message.iterations, MAX_NUMBER)
    if message.outcome not in _OUTCOMES:
        raise check.invalid("outcome", message.outcome.name, "give CONVERGED, NOT_CONVERGED, UNATTAINABLE or ABORTED")
    check.at_most("residual_wh", message.residual_wh, MAX_AGGREGATE_WH)
    _check_place(message)


def _check_place(message: PostSignal | CloseControl) -> None:
    check.name("vdg", message.vdg)
    check.at_most("slot", message.slot, MAX_SLOT)
    check.at_most("session", message.session, MAX_NUMBER)
    check.length("aggregate_wh", message.aggregate_wh, 0, MAX_PCCS)
    for aggregate in message.aggregate_wh:
        check.at_most("aggregate_wh (magnitude)", abs(aggregate), MAX_AGGREGATE_WH)
