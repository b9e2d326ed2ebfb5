"""Sessions of real-time control: what is recorded, who ends them, what is refused, what is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from abci_app.core.refusal import InvariantBroken
from abci_app.modules.control.invariants import check_counts
from tests.app.chain import Chain
from tests.app.world import VDG
from tests.ordering.orders import closing, controlled, genesis, opening, session_of, signal, terms
from wire.assignment import assignment_root
from wire.control import (
    ControlClosed,
    ControlLaw,
    ControlOutcome,
    ControlReason,
    ControlSession,
    ControlSignal,
    ControlSignalled,
    GetGridControlRequest,
    GetGridControlResponse,
    ListSignalsRequest,
    ListSignalsResponse,
    OpenControl,
    PccLimit,
)
from wire.merkle import entry_hash, proof_of, root_by
from wire.results import Code

PCC = PccLimit("feeder-1-a", 2, True, -500, False, 0)
UNATTAINABLE, NOT_CONVERGED = ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE, ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED


def test_everybody_can_read_that_one_signal_went_to_all_what_was_measured_and_how_it_ended() -> None:
    chain = controlled()
    for number in (1, 2, 3):
        chain.do("dso", signal(number))
    chain.do("dso", closing(3))
    signals = chain.query(ListSignalsRequest(VDG, 1, 1), ListSignalsResponse).signals
    assert [one.neur_per_wh for one in signals] == [(-30_000, 0), (-60_000, 0), (-90_000, 0)]
    assert [one.aggregate_wh for one in signals] == [(-800, 40), (-700, 40), (-600, 40)]
    assert tuple(event.signal for event in chain.events_of(ControlSignalled)) == signals
    session = session_of(chain)
    assert session.terms == terms()
    assert (session.signals, session.outcome) == (3, ControlOutcome.CONTROL_OUTCOME_CONVERGED)
    assert (session.residual_wh, session.aggregate_wh) == (1, (-501, 40))
    assert session.closed_s == chain.time_s


@pytest.mark.parametrize("signals", [0, 1, 5])
def test_a_session_whose_dso_is_dead_ends_by_itself_and_another_can_begin(signals: int) -> None:
    chain = controlled()
    for number in range(1, signals + 1):
        chain.do("dso", signal(number))
    last_s = chain.time_s
    chain.finalize(time_s=last_s + 29)
    assert chain.events_of(ControlClosed) == []
    chain.finalize(time_s=last_s + 30)
    session = session_of(chain)
    assert session.outcome is ControlOutcome.CONTROL_OUTCOME_TIMED_OUT
    assert session.aggregate_wh == ((-900 + 100 * signals, 40) if signals else ())
    assert chain.events_of(ControlClosed) == [ControlClosed(session)]
    chain.do("dso", opening())
    assert session_of(chain, 1, 2).outcome is ControlOutcome.CONTROL_OUTCOME_UNSPECIFIED


def test_the_slots_end_overtakes_a_session_however_long_it_may_wait() -> None:
    chain = controlled()
    chain.do("dso", closing(0))
    chain.do("dso", opening(1, iteration_seconds=3_600))
    chain.do("dso", signal(1, session=2))
    chain.go_to_slot(2)
    assert session_of(chain, 1, 2).outcome is ControlOutcome.CONTROL_OUTCOME_OVERTAKEN
    assert chain.query(GetGridControlRequest(VDG), GetGridControlResponse).control is not None
    chain.do("dso", opening(2))


def test_a_closed_session_is_not_closed_again_by_the_clock() -> None:
    chain = controlled()
    chain.do("dso", signal(1))
    chain.do("dso", closing(1))
    chain.go_to_slot(3)
    assert len(chain.events_of(ControlClosed)) == 1


def test_a_measurement_may_be_missing_and_the_last_one_stays() -> None:
    chain = controlled()
    chain.do("dso", signal(1))
    chain.do("dso", signal(2, aggregate_wh=()))
    assert session_of(chain).aggregate_wh == (-800, 40)
    chain.do("dso", closing(2, outcome=NOT_CONVERGED, residual_wh=99, aggregate_wh=()))
    assert session_of(chain).aggregate_wh == (-800, 40)


def test_what_cannot_be_attained_is_said_at_once() -> None:
    chain = controlled()
    chain.do("dso", closing(0, outcome=UNATTAINABLE, residual_wh=300, aggregate_wh=(-800, 0)))
    assert session_of(chain)[6:10] == (0, UNATTAINABLE, 300, (-800, 0))


def test_a_session_can_be_for_the_next_slot() -> None:
    chain = controlled()
    chain.do("dso", closing(0))
    chain.do("dso", opening(2))
    chain.do("dso", signal(1, 2))
    assert session_of(chain, 2).signals == 1


def test_a_long_settled_slots_sessions_are_forgotten() -> None:
    chain = Chain(genesis(settlement={"keep_slots": 0}))
    chain.go_to_slot(1)
    chain.do("dso", opening())
    chain.do("dso", signal(1))
    for slot in (2, 9, 20):
        chain.go_to_slot(slot)
    assert not [key for key in chain.stored() if key.startswith((b"control/s", b"control/i", b"control/n"))]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (OpenControl(VDG, 1), "terms = None"),
        (opening(1, reason=ControlReason.CONTROL_REASON_UNSPECIFIED), "terms.reason"),
        (opening(1, law=ControlLaw.CONTROL_LAW_UNSPECIFIED), "terms.law"),
        (opening(1, pccs=()), "terms.pccs"),
        (opening(1, pccs=(PCC,) * 65), "terms.pccs"),
        (opening(1, pccs=(PCC, PCC)), "each PCC once"),
        (opening(1, pccs=(PCC._replace(pcc="A"),)), "terms.pccs.pcc"),
        (opening(1, pccs=(PCC._replace(homes=0),)), "terms.pccs.homes"),
        (opening(1, pccs=(PCC._replace(min_wh=-(10**9) - 1),)), "terms.pccs.min_wh"),
        (opening(1, pccs=(PCC._replace(max_wh=1),)), "say that there is such a limit"),
        (opening(1, pccs=(PCC._replace(has_max=True, max_wh=-501),)), "give at most max_wh = -501"),
        (opening(1, pccs=(PCC._replace(min_reason="x" * 201),)), "terms.pccs.min_reason"),
        (opening(1, pccs=(PCC._replace(max_reason="two\nlines"),)), "terms.pccs.max_reason"),
        (opening(1, tolerance_wh=10**9 + 1), "terms.tolerance_wh"),
        (opening(1, max_iterations=0), "terms.max_iterations"),
        (opening(1, max_iterations=501), "terms.max_iterations"),
        (opening(1, iteration_seconds=3_601), "terms.iteration_seconds"),
        (opening(1, assignment_root=bytes(31)), "terms.assignment_root"),
        (signal(1, neur_per_wh=(10**9 + 1, 0)), "neur_per_wh"),
        (signal(1, neur_per_wh=()), "neur_per_wh"),
        (signal(1, aggregate_wh=(-(10**9) - 1, 0)), "aggregate_wh"),
        (signal(1, session=1 << 32), "session"),
        (signal(1 << 32), "iteration"),
        (closing(1 << 32), "iterations"),
        (closing(0, residual_wh=10**9 + 1), "residual_wh"),
        (closing(0, vdg="L"), "vdg"),
    ],
)
def test_a_field_that_cannot_be_is_named(message: Any, field: str) -> None:
    result = controlled().send("dso", message)
    assert result.code is Code.INVALID_FIELD
    assert field in result.message


def test_a_home_can_see_that_it_is_in_the_assignment_that_the_dso_published() -> None:
    entries = {bytes((number,)) * 20: ("feeder-1-a", bytes((number,)) * 16) for number in range(5)}
    leaves = [entry_hash(home, f"{pcc}/{salt.hex()}".encode()) for home, (pcc, salt) in sorted(entries.items())]
    root = assignment_root(entries)
    assert root_by(proof_of(leaves, 3)) == root
    assert assignment_root(entries | {bytes(20): ("feeder-1-b", bytes(16))}) != root


class Nothing:
    """A state before anything was written."""

    def get(self, key: bytes, type_: type[Any]) -> None:
        del key, type_


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        (b"control/slilas/" + bytes(12), ControlSession(VDG, 0, 0, terms()), "1 more sessions"),
        (b"control/ililas/" + bytes(16), ControlSignal(1), "1 more signals"),
    ],
)
def test_counts_that_do_not_agree_stop_the_node(key: bytes, value: Any, what: str) -> None:
    class Before:
        state = Nothing()
        height = 7

    with pytest.raises(InvariantBroken, match=what):
        check_counts(Before(), {key: value})  # type: ignore[arg-type]  # only what the check reads
