"""Sessions of real-time control."""

from __future__ import annotations

from tests.app.chain import Chain
from tests.app.keyring import public_key_of
from tests.app.refusals.row import row
from tests.ordering.orders import closing, controlled, opening, signal, switched
from wire.accounts import AdmitAccount, Role
from wire.control import ControlOutcome
from wire.results import Code


@row(Code.OK, chain=controlled)
def a_first_signal(chain: Chain) -> bytes:
    return chain.tx("dso", signal(1))


@row(Code.WRONG_ROLE, "not its DSO", chain=controlled)
def a_signal_by_another_dso(chain: Chain) -> bytes:
    chain.do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_DSO,), "eve"))
    return chain.tx("eve", signal(1))


@row(Code.WRONG_ROLE, chain=controlled)
def closing_by_a_home(chain: Chain) -> bytes:
    return chain.tx("ann", closing(0))


@row(Code.BAD_SIGNATURE, chain=controlled)
def a_signal_with_a_wrong_key(chain: Chain) -> bytes:
    return chain.tx("dso", signal(1), key="ann")


@row(Code.ALREADY_EXISTS, "session 1 of slot 1 is open", chain=controlled)
def a_session_while_one_is_open(chain: Chain) -> bytes:
    return chain.tx("dso", opening(2))


@row(Code.UNKNOWN_SESSION, "session = 2 of slot 1", "list the slot's sessions", chain=controlled)
def a_signal_in_no_session(chain: Chain) -> bytes:
    return chain.tx("dso", signal(1, session=2))


@row(Code.ALREADY_SIGNALLED, "iteration = 1", "has 1 signals", chain=controlled)
def a_second_signal_of_an_iteration(chain: Chain) -> bytes:
    chain.do("dso", signal(1))
    return chain.tx("dso", signal(1, neur_per_wh=(5, 5)))


@row(Code.WRONG_PCCS, "neur_per_wh (entries) = 3", "give 2", chain=controlled)
def a_signal_to_three_pccs_of_two(chain: Chain) -> bytes:
    return chain.tx("dso", signal(1, neur_per_wh=(1, 2, 3)))


@row(Code.WRONG_PCCS, "aggregate_wh (entries) = 1", chain=controlled)
def closing_with_a_measurement_too_few(chain: Chain) -> bytes:
    return chain.tx("dso", closing(0, aggregate_wh=(1,)))


@row(Code.WRONG_PCCS, "aggregate_wh (entries) = 1", chain=controlled)
def a_signal_with_a_measurement_too_few(chain: Chain) -> bytes:
    return chain.tx("dso", signal(1, aggregate_wh=(1,)))


@row(Code.SLOT_OUT_OF_RANGE, "it is slot 1", "that one or the next", chain=switched)
def a_session_for_a_slot_far_ahead(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    return chain.tx("dso", opening(3))


@row(Code.SLOT_OUT_OF_RANGE, chain=switched)
def a_session_for_a_slot_that_is_over(chain: Chain) -> bytes:
    chain.go_to_slot(2)
    return chain.tx("dso", opening(1))


@row(Code.SESSION_CLOSED, "is closed: CONTROL_OUTCOME_CONVERGED", chain=controlled)
def a_signal_after_the_end(chain: Chain) -> bytes:
    chain.do("dso", closing(0))
    return chain.tx("dso", signal(1))


@row(Code.SESSION_CLOSED, "CONTROL_OUTCOME_OVERTAKEN", chain=controlled)
def closing_after_the_slot(chain: Chain) -> bytes:
    for number in range(1, 6):
        chain.do("dso", signal(number))
    chain.finalize(time_s=chain.time_s + 29)
    chain.block()
    chain.do("dso", opening(1, iteration_seconds=3_600))
    chain.go_to_slot(2)
    return chain.tx("dso", closing(0, session=2))


@row(Code.SESSION_CLOSED, "CONTROL_OUTCOME_TIMED_OUT", chain=controlled)
def a_signal_that_comes_too_late(chain: Chain) -> bytes:
    chain.finalize(time_s=chain.time_s + 30)
    return chain.tx("dso", signal(1))


@row(Code.OUT_OF_ORDER, "iteration = 2", "give 1 first", chain=controlled)
def a_second_signal_before_the_first(chain: Chain) -> bytes:
    return chain.tx("dso", signal(2))


@row(Code.OUT_OF_ORDER, "iterations = 2", "has 1 signals", chain=controlled)
def closing_before_the_last_signal(chain: Chain) -> bytes:
    chain.do("dso", signal(1))
    return chain.tx("dso", closing(2))


@row(Code.TOO_MANY_SESSIONS, "16 sessions", chain=switched)
def a_seventeenth_session_in_a_slot(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    for number in range(1, 17):
        chain.do("dso", opening())
        chain.do("dso", closing(0, session=number))
    return chain.tx("dso", opening())


@row(Code.TOO_MANY_SIGNALS, "iteration = 6", "at most 5", chain=controlled)
def a_sixth_signal_of_five(chain: Chain) -> bytes:
    for number in range(1, 6):
        chain.do("dso", signal(number))
    return chain.tx("dso", signal(6))


@row(Code.LIMIT_NOT_KEPT, "-502", "NOT_CONVERGED", chain=controlled)
def converging_below_a_limit(chain: Chain) -> bytes:
    return chain.tx("dso", closing(0, aggregate_wh=(-502, 0)))


@row(Code.LIMIT_NOT_KEPT, "802", chain=controlled)
def converging_above_a_limit(chain: Chain) -> bytes:
    return chain.tx("dso", closing(0, aggregate_wh=(0, 802)))


@row(Code.LIMIT_NOT_KEPT, "residual_wh = 2", chain=controlled)
def converging_far_from_equilibrium(chain: Chain) -> bytes:
    return chain.tx("dso", closing(0, residual_wh=2))


@row(Code.LIMIT_NOT_KEPT, "[]", chain=controlled)
def converging_without_a_measurement(chain: Chain) -> bytes:
    return chain.tx("dso", closing(0, aggregate_wh=()))


@row(Code.INVALID_FIELD, "outcome = 'CONTROL_OUTCOME_TIMED_OUT'", chain=controlled)
def closing_as_if_by_itself(chain: Chain) -> bytes:
    return chain.tx("dso", closing(0, outcome=ControlOutcome.CONTROL_OUTCOME_TIMED_OUT))
