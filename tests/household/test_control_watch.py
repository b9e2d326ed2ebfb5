"""A home in sessions of real-time control: what it answers, whom it believes, and when it lets go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.common.chain import Chain
from clients.household.battery import BatteryLimits
from clients.household.home import Home
from clients.household.measurements import SoFar
from clients.household.response.control_watch import ControlWatch
from clients.household.response.own_slot import Commitment, ControlSettings, SlotPrices, answer_wh, own_slot
from clients.household.terms import Terms
from tests.household.made import ADDRESS, BATTERY, EPOCH_S, SLOT_SECONDS, VDG, expected, home, telemetry, terms
from wire.answered import Answered
from wire.assignment import assignment_root, assignments
from wire.control import (
    ControlLaw,
    ControlOutcome,
    ControlReason,
    ControlSession,
    ControlSignal,
    ControlTerms,
    PccLimit,
)

SLOT = 60
MAX_GRID_WH = 2_800
ENTRIES = {ADDRESS: ("f1-a", b"s" * 32), b"o" * 20: ("f1-b", b"t" * 32)}
TOLD = assignments(ENTRIES)
SETTINGS = ControlSettings(reserve_permille=0)
PRICES = SlotPrices(150_000, 100_000, 10)


@dataclass
class Steers:
    """Takes note of what a home is asked, and that it is released."""

    terms: Terms
    homes: Mapping[str, Home]
    asked: list[tuple[int, int]] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    since_ms: int | None = None
    told: list[tuple[str, Answered]] = field(default_factory=list)

    def obeyed_ms(self, home: Home, slot: int) -> int | None:
        assert home.id == "h1"
        return self.since_ms

    def tell(self, home: str, answered: Answered) -> None:
        self.told.append((home, answered))

    def ask(self, home: Home, slot: int, flow_wh: int) -> None:
        assert home.id == "h1"
        self.asked.append((slot, flow_wh))

    def release(self, home: Home, slot: int) -> None:
        assert home.id == "h1"
        self.released.append(slot)


class Watch:
    """A watch over one home; a fifth of the slot is over."""

    def __init__(self, settings: ControlSettings = SETTINGS, battery: BatteryLimits | None = BATTERY) -> None:
        self.home = home([expected(100, 0)], now=SLOT, battery=battery, energy_wh=3_000)
        self.home.account.supplier_flow_wh[SLOT] = 100
        self.steers = Steers(terms(), {"h1": self.home})
        self.now_s = EPOCH_S + (SLOT + 0.2) * SLOT_SECONDS
        chain = cast(Chain, None)  # Nothing is asked of it where events are given by hand.
        self.watch = ControlWatch(
            chain, {VDG: self.steers}, settings, MAX_GRID_WH, self.steers.tell, lambda: self.now_s
        )

    def session(self, *, slot: int = SLOT, outcome: ControlOutcome | None = None) -> ControlSession:
        control = ControlTerms(
            ControlReason.CONTROL_REASON_VOLTAGE,
            ControlLaw.CONTROL_LAW_SECANT,
            (PccLimit("f1-a", 1, True, -100), PccLimit("f1-b", 1, True, -100)),
            tolerance_wh=10,
            max_iterations=9,
            iteration_seconds=5,
            assignment_root=assignment_root(ENTRIES),
        )
        due_s = int(self.now_s) + 5
        closed = outcome or ControlOutcome.CONTROL_OUTCOME_UNSPECIFIED
        return ControlSession(VDG, slot, 1, control, due_s=due_s, outcome=closed)

    def signal(self, iteration: int, *prices: int) -> None:
        self.watch.signalled(VDG, SLOT, 1, ControlSignal(iteration, prices, (), int(self.now_s)))


async def test_a_home_answers_the_signal_of_its_own_pcc_and_without_one_keeps_to_its_commitment() -> None:
    stage = Watch()
    stage.watch.assigned("h1", TOLD[ADDRESS])
    stage.watch.opened(stage.session())
    assert stage.steers.asked == []
    stage.signal(1, 0, -900_000)
    stage.signal(2, -6_000, 0)
    stage.signal(3, 54_000, 0)
    # 6000 / (2 * 10) Wh more: the grid of these tests has no a_r. Less than 0 costs the step from P_u to P_f first.
    assert stage.steers.asked == [(SLOT, 100), (SLOT, 400), (SLOT, -100)]


async def test_a_home_says_that_it_has_answered_once_its_inverter_does_and_says_nothing_of_what() -> None:
    stage = Watch()
    stage.watch.assigned("h1", TOLD[ADDRESS])
    stage.watch.opened(stage.session())
    stage.signal(1, 0, 0)
    stage.watch.heard(stage.home)
    assert stage.steers.told == []
    stage.signal(2, -6_000, 0)
    stage.steers.since_ms = 1_700
    stage.watch.heard(stage.home)
    stage.watch.heard(stage.home)
    # A signal that leaves its answer as it is, is answered already.
    stage.signal(3, -6_000, 0)
    assert stage.steers.told == [
        ("h1", Answered(slot=SLOT, session=1, iteration=iteration, since_ms=1_700)) for iteration in (2, 3)
    ]
    assert set(Answered.model_fields) == {"slot", "session", "iteration", "since_ms"}


async def test_a_home_that_was_not_told_or_was_lied_to_about_its_pcc_answers_nothing() -> None:
    stage = Watch()
    stage.watch.opened(stage.session())
    stage.signal(1, -6_000, 0)
    stage.watch.assigned("h1", TOLD[b"o" * 20])
    stage.watch.assigned("h1", TOLD[ADDRESS].model_copy(update={"pcc": "f1-b"}))
    assert stage.steers.asked == []
    # As soon as it knows, it answers the last signal.
    stage.watch.assigned("h1", TOLD[ADDRESS])
    assert stage.steers.asked == [(SLOT, 400)]


async def test_an_assignment_for_another_root_counts_for_nothing() -> None:
    stage = Watch()
    other = assignments({ADDRESS: ("f1-a", b"x" * 32)})
    stage.watch.assigned("h1", other[ADDRESS])
    stage.watch.opened(stage.session())
    stage.signal(1, -6_000, 0)
    assert stage.steers.asked == []


@pytest.mark.parametrize(("battery", "settings"), [(None, SETTINGS), (BATTERY, ControlSettings(answer=False))])
async def test_a_home_without_a_battery_or_the_will_answers_nothing(
    battery: BatteryLimits | None, settings: ControlSettings
) -> None:
    stage = Watch(settings, battery)
    stage.watch.assigned("h1", TOLD[ADDRESS])
    stage.watch.opened(stage.session())
    stage.signal(1, -6_000, 0)
    assert stage.steers.asked == []


async def test_old_signals_and_those_of_other_sessions_change_nothing() -> None:
    stage = Watch()
    stage.watch.assigned("h1", TOLD[ADDRESS])
    stage.signal(1, -6_000, 0)
    stage.watch.opened(stage.session())
    stage.signal(2, 0, 0)
    stage.signal(1, -6_000, 0)
    stage.watch.signalled(VDG, SLOT, 2, ControlSignal(3, (-6_000, 0)))
    stage.watch.signalled("another", SLOT, 1, ControlSignal(3, (-6_000, 0)))
    assert stage.steers.asked == [(SLOT, 100)]


@pytest.mark.parametrize(
    ("outcome", "released"),
    [
        (ControlOutcome.CONTROL_OUTCOME_CONVERGED, []),
        (ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED, []),
        (ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE, []),
        (ControlOutcome.CONTROL_OUTCOME_ABORTED, [SLOT]),
        (ControlOutcome.CONTROL_OUTCOME_TIMED_OUT, [SLOT]),
    ],
)
async def test_the_last_answer_stays_unless_the_session_broke_off(outcome: ControlOutcome, released: list[int]) -> None:
    stage = Watch()
    stage.watch.assigned("h1", TOLD[ADDRESS])
    stage.watch.opened(stage.session())
    stage.signal(1, -6_000, 0)
    stage.watch.closed(stage.session(outcome=outcome))
    assert stage.steers.released == released
    stage.signal(2, 50_000, 0)
    assert stage.steers.asked == [(SLOT, 400)]


async def test_a_home_lets_go_by_itself_when_signals_and_gateway_fall_silent() -> None:
    stage = Watch()
    stage.watch.assigned("h1", TOLD[ADDRESS])
    stage.watch.opened(stage.session())
    # The time of the last signal is long past by the home's own clock.
    stage.now_s += 100
    stage.watch.signalled(VDG, SLOT, 1, ControlSignal(1, (-6_000, 0), (), int(stage.now_s) - 100))
    deadline_s = time.monotonic() + 10
    while not stage.steers.released and time.monotonic() < deadline_s:
        await asyncio.sleep(0.01)
    assert stage.steers.released == [SLOT]


async def test_a_session_of_a_slot_that_has_not_begun_is_answered_when_it_has() -> None:
    stage = Watch()
    stage.watch.assigned("h1", TOLD[ADDRESS])
    stage.watch.opened(stage.session(slot=SLOT + 1))
    stage.watch.signalled(VDG, SLOT + 1, 1, ControlSignal(1, (0, 0), (), int(stage.now_s)))
    assert stage.steers.asked == []
    stage.home.account.supplier_flow_wh[SLOT + 1] = 80
    stage.home.measurements.take_telemetry(telemetry(SLOT + 1, energy_wh=3_000))
    stage.watch.measured(stage.home)
    stage.watch.measured(stage.home)
    assert stage.steers.asked == [(SLOT + 1, 80)]


@given(
    share=st.floats(0, 1),
    energy_wh=st.integers(1_200, 4_800),
    cycles_wh=st.floats(0, 5_000),
    load_w=st.integers(0, 9_000),
    pv_w=st.integers(0, 9_000),
    grid_wh=st.floats(-1_000, 1_000),
    committed_wh=st.integers(-2_000, 2_000),
    signal=st.integers(-(10**9), 10**9),
)
def test_no_signal_asks_more_of_a_battery_than_power_energy_and_cycles_allow(
    share: float,
    energy_wh: int,
    cycles_wh: float,
    load_w: int,
    pv_w: int,
    grid_wh: float,
    committed_wh: int,
    signal: int,
) -> None:
    load_wh, pv_wh = load_w * share / 6, pv_w * share / 6
    so_far = SoFar(SLOT, share, load_wh, pv_wh, grid_wh, load_w, pv_w, 0, energy_wh)
    homes = own_slot(so_far, BATTERY, cycles_wh, Commitment(0, committed_wh), PRICES, SETTINGS, MAX_GRID_WH)
    if homes is None:
        return
    flow_wh = answer_wh(homes, signal)
    net_wh = (load_w - pv_w) / 6
    flowed_wh = load_wh - pv_wh - grid_wh
    rest_wh = net_wh - flow_wh - flowed_wh
    assert abs(rest_wh) <= BATTERY.slot_wh * (1 - share) + 1
    assert energy_wh - BATTERY.max_wh - 1 <= rest_wh <= energy_wh - BATTERY.min_wh + 1
    assert abs(rest_wh) <= max(0.0, cycles_wh - abs(flowed_wh)) + 1
    assert abs(flow_wh) <= MAX_GRID_WH + 1


def test_a_reserve_of_time_leaves_an_answer_that_can_still_be_done_after_the_session() -> None:
    so_far = SoFar(SLOT, 0.1, 0.0, 0.0, 0.0, 0, 0, 0, 3_000.0)
    usual = ControlSettings()
    whole, part = (
        own_slot(so_far, BATTERY, np.inf, Commitment(0, 0), PRICES, settings, MAX_GRID_WH)
        for settings in (SETTINGS, usual)
    )
    assert whole is not None
    assert part is not None
    assert whole.highest_wh[0] == pytest.approx(450)
    assert part.highest_wh[0] == pytest.approx(375)
