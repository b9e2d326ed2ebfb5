"""Sessions on the real state machine: homes that answer, don't, do late or lie, and what becomes of the DSO."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from nacl.signing import SigningKey
from numpy.typing import NDArray

from clients.common.slots import SlotClock
from clients.dso.control.answers import Answers, Patience
from clients.dso.control.constraint import Demand, Flexibility
from clients.dso.control.law_name import LawName
from clients.dso.control.live_session import Ended, LiveSession
from clients.dso.control.settings import ControlSettings
from clients.dso.control.slot_watch import Bearable, left_limits
from clients.dso.grid_chain import Outcome
from clients.household.response.best_response import best_response
from clients.household.response.homes import Homes
from tests.control.app_control_chain import VDG, AppControlChain
from tests.dso.app_chain import household
from wire.answered import Answered
from wire.control import ControlLaw, ControlOutcome, ControlReason, ControlTerms, OpenControl, PccLimit, PostSignal
from wire.results import Code
from wire.station import PccNow, StationNow

HOMES, SLOT_SECONDS = 12, 600
NAMES = [f"h{number}" for number in range(HOMES)]
PCCS = (("f1", "a"), ("f1", "b"))
Vector = NDArray[np.float64]
ROOT = bytes(32)


def homes_of(seed: int = 3) -> Homes:
    random = np.random.default_rng(seed)
    net = random.uniform(-600, 100, HOMES)
    planned = random.uniform(-50, 50, HOMES)

    def all_(value: float) -> Vector:
        return np.full(HOMES, value)

    return Homes(
        net_load_wh=net,
        planned_battery_wh=planned,
        market_wh=np.zeros(HOMES),
        committed_wh=net - planned,
        battery_min_wh=all_(-400.0),
        battery_max_wh=all_(400.0),
        cost_quadratic=random.uniform(5, 20, HOMES),
        cost_linear=all_(100_000.0),
        reward_quadratic=all_(10.0),
        supplier_price_neur_per_wh=all_(150_000.0),
        feed_in_tariff_neur_per_wh=all_(100_000.0),
        max_grid_wh=all_(2_800.0),
    )


class Street:
    """Twelve homes on two PCCs and the station's meter. ``answer`` turns best responses into what really flows."""

    def __init__(self, chain: AppControlChain, clock: SlotClock) -> None:
        self.homes = homes_of()
        self.pcc_of = np.arange(HOMES) % 2
        self.flow_wh = self.homes.committed_wh.copy()
        self.answer: Callable[[Vector, Vector, int], Vector] = lambda best, _before, _iteration: best
        self.says: Callable[[int, int], bool] = lambda _home, _iteration: False
        """Whether a home says that it has answered a signal."""
        self.answered: dict[str, Answered] = {}
        self.tampered: Callable[[StationNow], StationNow | None] = lambda now: now
        self._clock = clock
        chain.executed = self._executed

    def _executed(self, message: Any, outcome: Outcome) -> None:
        if isinstance(message, PostSignal) and outcome.code is Code.OK:
            signal = np.array(message.neur_per_wh, np.float64)[self.pcc_of]
            self.flow_wh = self.answer(best_response(self.homes, signal), self.flow_wh, message.iteration)
            told = Answered(
                slot=message.slot,
                session=message.session,
                iteration=message.iteration,
                since_ms=int(time.time() * 1000),
            )
            self.answered |= {name: told for number, name in enumerate(NAMES) if self.says(number, message.iteration)}

    @property
    def sums_wh(self) -> Vector:
        return np.bincount(self.pcc_of, weights=self.flow_wh).astype(np.float64)

    @property
    def now(self) -> StationNow | None:
        time_s = time.time()
        left = 1 - (time_s - self._clock.start_s(self._clock.slot_at(time_s))) / SLOT_SECONDS
        pccs = tuple(
            PccNow(feeder=feeder, phase=phase, energy_wh=round(wh / 2), power_w=round(wh / 2 / left * 6))  # type: ignore[arg-type] # a phase
            for (feeder, phase), wh in zip(PCCS, self.sums_wh, strict=True)
        )
        now = StationNow(station="s", slot=self._clock.slot_at(time_s), time_ms=int(time_s * 1000), pccs=pccs)
        return self.tampered(now)

    async def news(self, timeout_s: float) -> None:
        await asyncio.sleep(min(timeout_s, 0.002))

    @property
    def flexibility(self) -> Flexibility:
        swing = np.full(2, 6 * 800.0)
        return Flexibility(self.sums_wh - swing, self.sums_wh + swing, np.full(2, 6 / 20), HOMES)


class Stage:
    """A chain, a street, and a session to run."""

    def __init__(self, law: LawName = LawName.SECANT, slot_seconds: int = SLOT_SECONDS, **settings: Any) -> None:
        self.chain = AppControlChain(2, slot_seconds)
        self.clock = SlotClock(self.chain.epoch_s, slot_seconds)
        self.street = Street(self.chain, self.clock)
        self.patience = Patience(0.004, 0.02, 0.1)
        self.settings = ControlSettings.model_validate(
            {"network": "thesis-50", "homes_csv": "/none", "law": law, "tolerance_wh": 10} | settings
        )

    def demand(self, least_wh: tuple[int, int]) -> Demand:
        limits = tuple(
            PccLimit(f"{feeder}-{phase}", 6, True, wh) for (feeder, phase), wh in zip(PCCS, least_wh, strict=True)
        )
        return Demand(0, ControlReason.CONTROL_REASON_VOLTAGE, limits, "too much")

    @property
    def answers(self) -> Answers:
        pccs = [f"{feeder}-{phase}" for feeder, phase in PCCS]
        return Answers(self.street, self.clock, 0, pccs, frozenset(NAMES), self.patience)

    def session(self, least_wh: tuple[int, int], start: tuple[int, ...] = ()) -> LiveSession:
        demand, flexibility = self.demand(least_wh), self.street.flexibility
        return LiveSession(VDG, demand, flexibility, self.chain, self.answers, self.clock, self.settings, start=start)

    def run(self, least_wh: tuple[int, int]) -> Ended:
        return asyncio.run(self.session(least_wh).run(ROOT))

    def least(self, more_wh: int = 600) -> tuple[int, int]:
        """Limits above what flows without control by so many Wh."""
        one, two = (round(float(wh)) + more_wh for wh in self.street.sums_wh)
        return one, two


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
