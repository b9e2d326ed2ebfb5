"""Sessions on the real state machine: homes that answer, don't, do late or lie, and what becomes of the DSO."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import numpy as np
import pytest
from nacl.signing import SigningKey

from clients.dso.control.answers import Patience, Signalled
from clients.dso.control.law_name import LawName
from clients.dso.control.slot_watch import Bearable, left_limits
from tests.control.app_control_chain import VDG
from tests.control.street import HOMES, NAMES, ROOT, Stage, Vector
from tests.dso.app_chain import household
from wire.answered import Answered
from wire.control import ControlLaw, ControlOutcome, ControlReason, ControlTerms, OpenControl, PccLimit
from wire.results import Code
from wire.station import StationNow


@pytest.mark.parametrize("law", list(LawName))
def test_a_session_brings_the_sums_within_the_limits_and_the_chain_has_every_signal(law: LawName) -> None:
    stage = Stage(law, max_iterations=200)
    least = stage.least()
    ended = stage.run(least)
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    assert all(wh >= limit - 10 for wh, limit in zip(stage.street.sums_wh, least, strict=True))
    kept = asyncio.run(stage.chain.session(0, ended.number))
    assert kept is not None
    assert kept.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    assert kept.signals == ended.signals
    signals = stage.chain.signals(0, ended.number).signals
    assert [signal.iteration for signal in signals] == list(range(1, ended.signals + 1))
    assert all(value <= 0 for value in signals[-1].neur_per_wh)
    assert ended.needed
    if law is LawName.SECANT:
        assert ended.signals <= 20


def test_a_session_that_had_nothing_to_move_is_not_needed_in_the_next_slot() -> None:
    ended = Stage().run((-100_000, -100_000))
    assert (ended.outcome, ended.needed) == (ControlOutcome.CONTROL_OUTCOME_CONVERGED, False)


def test_a_slot_that_leaves_its_limits_after_its_session_is_seen_and_the_next_session_goes_on_from_its_signal() -> None:
    stage = Stage()
    least = stage.least()
    first = stage.run(least)
    constraint, bearable = stage.demand(least).constraint, Bearable(20.0, 0.05)

    def leaves(within_s: float) -> bool:
        return asyncio.run(left_limits(stage.answers, constraint, bearable, time.time() + within_s))

    assert not leaves(0.3)
    # A battery is full: what it took goes into the grid.
    stage.street.homes = replace(
        stage.street.homes, battery_min_wh=np.where(np.arange(HOMES) == 0, 0.0, stage.street.homes.battery_min_wh)
    )
    stage.street.flow_wh[0] -= 200
    assert leaves(10)
    again = asyncio.run(stage.session(least, first.last_signal).run(ROOT))
    assert again.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    assert stage.chain.signals(0, again.number).signals[0].neur_per_wh == first.last_signal
    assert not leaves(0.3)


def test_a_limit_that_no_signal_reaches_ends_as_unattainable_with_the_closest_sums() -> None:
    stage = Stage()
    ended = stage.run(stage.least(5_000))
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE
    most = np.bincount(stage.street.pcc_of, weights=stage.street.homes.highest_wh)
    assert stage.street.sums_wh == pytest.approx(most, abs=5)


def test_homes_that_do_not_answer_are_made_up_for_by_the_others() -> None:
    stage = Stage()
    mute = np.arange(HOMES) < 4
    stage.street.answer = lambda best, before, _: np.where(mute, before, best)
    ended = stage.run(stage.least())
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    assert stage.street.flow_wh[:4] == pytest.approx(stage.street.homes.committed_wh[:4])


def test_homes_that_answer_a_signal_late_only_cost_iterations() -> None:
    stage = Stage()
    held: list[Vector] = []

    def late(best: Vector, before: Vector, iteration: int) -> Vector:
        held.append(best)
        slow = np.arange(HOMES) < 3
        # They do what the signal before asked, and catch up in every third iteration.
        return best if iteration % 3 == 0 else np.where(slow, held[-2] if len(held) > 1 else before, best)

    stage.street.answer = late
    ended = stage.run(stage.least())
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    assert stage.street.sums_wh.min() > -10_000


def test_a_round_ends_as_soon_as_all_homes_say_that_they_have_answered() -> None:
    stage = Stage()
    stage.patience = Patience(0.3, 5.0, 5.0)
    stage.street.says = lambda _home, _iteration: True
    ended = stage.run(stage.least())
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    # The first signal is nought and moves nobody, which rest would only have shown after five seconds.
    assert max(each.answers_s for each in ended.iterations) < 0.25


def test_the_first_round_goes_on_while_one_home_after_the_other_says_that_it_has_answered() -> None:
    stage = Stage()
    stage.patience = Patience(0.1, 5.0, 5.0)
    session, homes = 1, iter(NAMES)
    said: list[float] = []

    def one_more(now: StationNow) -> StationNow:
        # Powers rest meanwhile: what is asked of the homes changes nothing.
        if not said or time.time() - said[-1] >= 0.05:
            said.append(time.time())
            home = next(homes, None)
            if home is not None:
                stage.street.answered[home] = Answered(slot=0, session=session, iteration=1, since_ms=now.time_ms)
        return now

    stage.street.tampered = one_more
    begun_s = time.monotonic()
    asyncio.run(stage.answers.after(np.zeros(2), Signalled(session, 1)))
    assert time.monotonic() - begun_s >= 0.05 * (HOMES - 1)
    assert stage.answers.silent(Signalled(session, 1)) == []


def test_a_home_that_is_silent_in_the_first_round_holds_up_no_other_and_one_that_falls_silent_only_one() -> None:
    stage = Stage()
    stage.patience = Patience(0.004, 0.3, 5.0)
    stage.street.says = lambda home, iteration: home != 0 and (home != 1 or iteration < 3)
    ended = stage.run(stage.least())
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    slow = [number for number, each in enumerate(ended.iterations, 1) if each.answers_s >= 0.3]
    assert slow == [1, 3]


def test_a_home_that_does_the_opposite_is_made_up_for_while_the_others_can() -> None:
    stage = Stage()

    def lying(best: Vector, _before: Vector, _iteration: int) -> Vector:
        flows = best.copy()
        flows[0] = 2 * stage.street.homes.committed_wh[0] - best[0]
        return flows

    stage.street.answer = lying
    least = stage.least(400)
    ended = stage.run(least)
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    assert all(wh >= limit - 10 for wh, limit in zip(stage.street.sums_wh, least, strict=True))


def test_a_measurement_that_is_missing_once_costs_an_iteration_and_for_good_the_session() -> None:
    stage = Stage()
    count = 0

    def lost(now: StationNow) -> StationNow | None:
        nonlocal count
        count += 1
        return None if 20 < count < 120 else now

    stage.street.tampered = lost
    assert stage.run(stage.least()).outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED
    stage = Stage()
    stage.street.tampered = lambda _: None
    ended = stage.run((0, 0))
    assert ended.outcome is ControlOutcome.CONTROL_OUTCOME_ABORTED
    kept = asyncio.run(stage.chain.session(0, ended.number))
    assert kept is not None
    assert kept.aggregate_wh == ()


def test_an_old_measurement_is_none() -> None:
    stage = Stage()
    stage.street.tampered = lambda now: now.model_copy(update={"time_ms": now.time_ms - 10_000})
    assert stage.run((0, 0)).outcome is ControlOutcome.CONTROL_OUTCOME_ABORTED


def test_a_session_ends_unconverged_before_the_slot_does() -> None:
    # A quarter of the slot is over; of the rest nothing is left for control.
    stage = Stage(last_share=0.8)
    ended = stage.run(stage.least())
    assert (ended.outcome, ended.signals) == (ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED, 1)


def test_a_session_that_the_chain_has_closed_takes_no_further_signal() -> None:
    stage = Stage(iteration_s=1)

    def dies(best: Vector, _before: Vector, iteration: int) -> Vector:
        if iteration == 2:
            # The chain's time has gone on, as if the DSO had been away.
            stage.chain.execute(OpenControl(), _stranger(), ahead_s=30)
        return best

    stage.street.answer = dies
    ended = stage.run(stage.least())
    assert ended.outcome is None
    kept = asyncio.run(stage.chain.session(0, ended.number))
    assert kept is not None
    assert kept.outcome is ControlOutcome.CONTROL_OUTCOME_TIMED_OUT


def test_no_session_is_run_where_another_is_open() -> None:
    stage = Stage()
    first = stage.session((0, 0))
    opened = asyncio.run(stage.chain.submit(OpenControl(VDG, 0, _terms())))
    assert opened.code is Code.OK
    ended = asyncio.run(first.run(ROOT))
    assert (ended.number, ended.outcome) == (0, None)


def _terms() -> ControlTerms:
    limits = (PccLimit("f1-a", 6, True, 0),)
    return ControlTerms(ControlReason.CONTROL_REASON_VOLTAGE, ControlLaw.CONTROL_LAW_SECANT, limits, 0, 10, 5, 60, ROOT)


def _stranger() -> SigningKey:
    return household(0)
