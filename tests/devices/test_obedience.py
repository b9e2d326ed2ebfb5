"""An inverter that accepts set points and does something else under `follow` or `self`, and one that does as told."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from clients.household.devices import CommandRefused, Moment
from emulator import messages
from emulator.clock import Clock
from emulator.homes import neighbourhood
from emulator.household import Household, Powers
from emulator.units import SLOT_MS
from tests.devices.made import EPOCH_S, HOME, PLATE, TOPICS, House
from wire.mqtt import SetPoint, Status, StatusCode, decode

SLOT_S = 600
LONG = PLATE.model_copy(update={"slot_seconds": SLOT_S})


class Inverter:
    """An inverter whose powers the test gives, in slots of ten minutes; all set points are accepted at once."""

    def __init__(self) -> None:
        self.house = House(plate=LONG)
        self.time_s = 0.0
        self.tell()

    @property
    def now(self) -> Moment:
        return Moment(EPOCH_S + self.time_s, 1_000.0 + self.time_s)

    @property
    def steady(self) -> bool:
        """Whether the battery is planned with."""
        return self.house.battery.available

    def tell(self, **powers: Any) -> None:
        """Telemetry of this moment."""
        time_ms = round((EPOCH_S + self.time_s) * 1000)
        self.house.telemetry(self.now, slot=int(self.time_s // SLOT_S), time_ms=time_ms, **powers)

    def order(self, order: Callable[[int, Moment], int]) -> None:
        """Send a set point for the running slot, unless the battery is left alone, and have it accepted."""
        try:
            number = order(int(self.time_s // SLOT_S), self.now)
        except CommandRefused:
            return
        answer = Status(code=StatusCode.ACCEPTED, reason="", time_ms=round(self.now.unix_s * 1000), sequence=number)
        self.house.hear(TOPICS.status(HOME), answer.encode(), now=self.now)

    def follow(self, grid_wh: int) -> None:
        """Order a flow for the running slot."""
        self.order(lambda slot, now: self.house.battery.follow(slot, grid_wh, now))


def test_an_inverter_that_accepts_flows_and_does_nothing_is_left_alone_though_nothing_changes_in_a_slot() -> None:
    inverter = Inverter()
    for slot in range(4):
        assert inverter.steady, slot
        inverter.time_s = slot * SLOT_S
        inverter.tell(load_w=600)
        inverter.time_s += 0.1
        inverter.follow(0)
    assert not inverter.steady
    assert "undoes set points" in (inverter.house.battery.unavailable_because or "")
    inverter.time_s += SLOT_S + 1
    inverter.tell(load_w=600)
    assert inverter.steady, "after ten minutes it is tried again"


def test_an_inverter_that_swings_under_a_flow_is_left_alone_within_the_slot() -> None:
    inverter = Inverter()
    for turn in range(12):
        if turn % 4 == 0:
            inverter.follow(50)
        inverter.tell(load_w=600, battery_w=2_000 if turn % 2 else -2_000)
        inverter.time_s += 20
    assert not inverter.steady


def test_an_inverter_that_reacts_to_each_step_of_the_load_within_seconds_does_as_told() -> None:
    inverter = Inverter()
    inverter.tell(load_w=600, battery_w=600)
    inverter.time_s = 0.1
    inverter.follow(0)
    before_w, draw = 600, random.Random(7)
    for slot in range(6):
        for step in range(8):
            inverter.time_s = slot * SLOT_S + step * 70 + 1
            if step == 0:
                inverter.tell(load_w=before_w, battery_w=before_w)
                inverter.follow(0)
            inverter.time_s += 1
            load_w = draw.choice((200, 900, 2_500))
            inverter.tell(load_w=load_w, battery_w=before_w)
            inverter.time_s += 4
            inverter.tell(load_w=load_w, battery_w=load_w)
            before_w = load_w
            assert inverter.steady, (slot, step, inverter.house.battery.unavailable_because)


@pytest.mark.parametrize(
    ("powers", "steady"),
    [
        ({"load_w": 5_000, "battery_w": 3_000}, True),
        ({"load_w": 600, "energy_wh": 1_200}, True),
        ({"load_w": 600, "energy_wh": 1_230, "battery_w": 180}, True),
        ({"load_w": 0, "pv_w": 4_000, "battery_w": 0, "energy_wh": 4_800}, True),
        ({"load_w": 0, "pv_w": 4_000, "curtailed_w": 4_000}, True),
        ({"load_w": 700, "battery_w": 600}, True),
        ({"load_w": 1_000, "battery_w": 600}, False),
        ({"load_w": 0, "pv_w": 4_000, "battery_w": -1_000}, False),
        ({"load_w": 600, "battery_w": 2_000}, False),
    ],
)
def test_where_power_or_energy_don_t_suffice_a_flow_is_followed_as_far_as_they_do(
    powers: dict[str, Any], steady: bool
) -> None:
    inverter = Inverter()
    for slot in range(4):
        inverter.time_s = slot * SLOT_S
        inverter.tell(**powers)
        inverter.follow(0)
    assert inverter.steady == steady


@pytest.mark.parametrize(
    ("powers", "steady"),
    [
        ({"load_w": 600, "battery_w": 600}, True),
        ({"load_w": 600, "battery_w": 0}, True),
        ({"pv_w": 3_000, "load_w": 500, "battery_w": -2_500}, True),
        ({"pv_w": 3_000, "load_w": 500, "battery_w": 500}, False),
        ({"load_w": 600, "battery_w": 2_000}, False),
        ({"load_w": 600, "battery_w": -1_000}, False),
    ],
)
def test_a_battery_that_feeds_in_or_takes_from_the_grid_is_no_self_consumption(
    powers: dict[str, Any], steady: bool
) -> None:
    inverter = Inverter()
    for slot in range(4):
        inverter.time_s = slot * SLOT_S
        inverter.tell(**powers)
        inverter.order(inverter.house.battery.self_consume)
    assert inverter.steady == steady


@pytest.mark.parametrize("slot_seconds", [1, 5, 600])
@pytest.mark.parametrize("kind", ["battery", "pv_battery"])
def test_the_emulated_inverter_does_as_told_whatever_it_is_told(kind: str, slot_seconds: int) -> None:
    """Two days of flows, powers and self-consumption, some out of reach, some changed within their slot."""
    draw = random.Random(11)
    clock = Clock(EPOCH_S, slot_seconds)
    building = next(one for one in neighbourhood(33) if one.kind == kind)
    household = Household(building)
    house = House(plate=messages.nameplate(building, clock, 0).model_copy(update={"home": HOME}))
    battery = house.battery

    def now() -> Moment:
        return Moment(clock.unix_ms(household.now_ms) / 1000, 1_000.0 + household.now_ms * slot_seconds / SLOT_MS)

    def tell(powers: Powers) -> None:
        house.hear(TOPICS.telemetry(HOME), messages.telemetry(powers, clock).encode(), now=now())

    tell(household.powers())
    for _ in range(2 * 144):
        for at in sorted(draw.sample(range(1, 100), draw.choice((1, 1, 2, 3)))):
            for event in household.advance(household.slot * SLOT_MS + at * SLOT_MS // 100):
                if isinstance(event, Powers):
                    tell(event)
            match draw.choice(("follow", "follow", "power", "self")):
                case "follow":
                    battery.follow(household.slot, draw.randint(-700, 700), now())
                case "power":
                    battery.power(household.slot, draw.randint(-3_000, 3_000), now())
                case _:
                    battery.self_consume(household.slot, now())
            set_point = decode(SetPoint, house.sent()[-1].payload)
            code, reason = household.offer(set_point)
            answer = Status(
                code=code, reason=reason, time_ms=clock.unix_ms(household.now_ms), sequence=set_point.sequence
            )
            house.hear(TOPICS.status(HOME), answer.encode(), now=now())
            tell(household.powers())
        for event in household.advance((household.slot + 1) * SLOT_MS):
            if isinstance(event, Powers):
                tell(event)
    assert battery.available, battery.unavailable_because
    assert not battery.oscillation._undone_s
    assert battery.refusals.total == 0
