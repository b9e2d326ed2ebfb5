"""What is asked of a battery goes before the plan and away again; and the room that plans keep for it."""

from __future__ import annotations

import pytest

from clients.household.battery import BatteryLimits
from clients.household.devices import Moment
from clients.household.measurements import Running
from clients.household.plan import PlannedSlot
from clients.household.steering import Steering, Store, corrected, steering_of
from tests.devices.made import HOME, TOPICS
from tests.household.made import expected, home
from tests.household.test_contained import Agent
from wire.mqtt import SetPoint, decode

LIMITS = BatteryLimits(min_wh=900, max_wh=8_100, slot_wh=750, capacity_wh=9_000)
USABLE = LIMITS._replace(max_wh=6_900)
CHARGING = PlannedSlot(7, -100, 0, hold=False)


def test_what_was_set_before_holds_again_when_control_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent()
    monkeypatch.setattr(Moment, "now", lambda: agent.now)

    def set_to() -> tuple[str, int | None]:
        sent = decode(SetPoint, agent.roster.outgoing[-1].payload)
        assert agent.roster.outgoing[-1].topic == TOPICS.set_point(HOME)
        return sent.mode, sent.grid_wh

    agent.equipment.ask(1, -100)
    agent.equipment.ask(1, -250)
    assert set_to() == ("follow", -250)
    agent.equipment.release(1)
    assert set_to() == ("self", None)
    sent = len(agent.roster.outgoing)
    agent.equipment.release(1)
    assert len(agent.roster.outgoing) == sent
    assert agent.home.asked_wh == {}


def test_plans_leave_the_room_that_is_kept_for_control() -> None:
    agent = home([expected(0, 900)], battery=LIMITS, energy_wh=5_000)
    agent.control_room_permille = 133
    assert agent.store is not None
    assert (agent.store.usable.max_wh, agent.store.limits.max_wh) == (6_903, 8_100)
    assert agent.store.for_control.usable.max_wh == 8_100


def test_an_inverter_is_kept_from_filling_the_room() -> None:
    half, full = Store(LIMITS, USABLE, 6_500), Store(LIMITS, USABLE, 6_900)
    # The sun would bring 600 Wh, of which 400 are the plan's: constant power that ends there.
    assert steering_of(CHARGING, 0, half, gap_wh=-600) == Steering(7, "power", power_w=-2_400)
    assert steering_of(CHARGING, 0, full, gap_wh=-600) == Steering(7, "power", power_w=0)
    assert steering_of(CHARGING, 0, half, gap_wh=-300) is None
    without = Store(LIMITS, LIMITS, 6_500)
    assert steering_of(CHARGING, 0, without, gap_wh=-600) is None


def test_a_flow_that_is_committed_is_followed_until_the_slot_itself_would_fill_the_room() -> None:
    committed = PlannedSlot(7, -590, 0, hold=False, follow_wh=-590)
    full = Store(LIMITS, USABLE, 6_900)
    sent = steering_of(committed, -100, full, gap_wh=-600)
    # Where the sun fails, the battery gives what was committed.
    assert sent == Steering(7, "follow", grid_wh=-590)
    assert corrected(sent, Running(7, 0.9, -590.0, -2_000, 1_540), full) is None
    assert corrected(sent, Running(7, 0.9, -590.0, -3_660, -120), full) == Steering(7, "power", power_w=0)


def test_the_room_is_held_in_the_slot_unless_control_asks_for_it() -> None:
    filling = Running(7, 0.5, -100.0, -3_000, -3_000)
    store = Store(LIMITS, USABLE, 6_850)
    assert corrected(None, filling, store) == Steering(7, "power", power_w=-600)
    asked = Steering(7, "follow", grid_wh=-100)
    assert corrected(asked, filling, store.for_control) is None
