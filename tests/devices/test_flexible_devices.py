"""Drivers of car charger, heat pump and plug: what they believe, what they send, and what they tell the planner."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clients.household.devices import CarCharger, CommandRefused, Fault, HeatPump, Plug
from tests.devices.made import EPOCH_S, HOME, NOW, TOPICS, House
from wire.device import AnswerCode, CarChargerRating, DeviceAnswer, DeviceCommand, HeatRating, PlugRating
from wire.mqtt import Message, decode

RATINGS: dict[str, Message] = {
    "car": CarChargerRating(device="car", kind="car_charger", min_w=1_400, max_w=7_000, interval_s=10),
    "heat": HeatRating(
        device="heat",
        kind="heat_pump",
        min_w=500,
        max_w=2_000,
        interval_s=10,
        cop_permille=3_000,
        comfort_min_wh=2_000,
        comfort_max_wh=6_000,
        store_max_wh=8_000,
    ),
    "plug": PlugRating(device="plug", kind="plug", min_w=0, max_w=2_300, interval_s=10),
}
STATES: dict[str, dict[str, object]] = {
    "car": {"connected": True, "car_wh": 10_000, "car_capacity_wh": 40_000, "needed_wh": 14_000},
    "heat": {"store_wh": 4_000},
    "plug": {"on": True},
}


class Flexible:
    """A home with a car charger, a heat pump and a plug that have said what they can do and do."""

    def __init__(self, most_w: int | None = None) -> None:
        self.car = CarCharger(HOME, "car", TOPICS, most_w)
        self.heat = HeatPump(HOME, "heat", TOPICS)
        self.plug = Plug(HOME, "plug", TOPICS)
        self.house = House(self.car, self.heat, self.plug)
        self.sequence = 0
        for device in (self.car, self.heat, self.plug):
            self.house.hear(device.paths.rating, RATINGS[device.name].encode(), retained=True)
            self.say(device.name)
        self.house.said()

    def device(self, name: str) -> CarCharger | HeatPump | Plug:
        """By name."""
        devices: dict[str, CarCharger | HeatPump | Plug] = {"car": self.car, "heat": self.heat, "plug": self.plug}
        return devices[name]

    def next_state(self, name: str, **fields: Any) -> bytes:
        """What a device says next."""
        self.sequence += 1
        made = {"device": name, "sequence": self.sequence, "time_ms": EPOCH_S * 1000 + self.sequence, "power_w": 0}
        return json.dumps(made | {"energy_wh": 100} | STATES[name] | fields).encode()

    def say(self, name: str, **fields: Any) -> None:
        """A device says its next state."""
        self.house.hear(self.device(name).paths.state, self.next_state(name, **fields))

    def answer(self, name: str, sequence: int | None, code: AnswerCode = AnswerCode.ACCEPTED, who: str = "") -> None:
        """A device's answer."""
        answer = DeviceAnswer(
            device=who or name, code=code, reason="because", time_ms=EPOCH_S * 1000 + self.sequence, sequence=sequence
        )
        self.house.hear(self.device(name).paths.answer, answer.encode())

    def sent(self) -> DeviceCommand:
        """The one command since the last call."""
        (outgoing,) = self.house.sent()
        return decode(DeviceCommand, outgoing.payload)


@pytest.mark.parametrize("name", ["car", "heat", "plug"])
def test_devices_are_available_once_they_have_said_what_they_can_do_and_do(name: str) -> None:
    device = Flexible().device(name)
    assert device.available
    assert device.state is not None


def test_a_command_goes_out_with_device_number_and_end_and_the_answer_is_taken() -> None:
    home = Flexible()
    number = home.car.set_power(3_000, EPOCH_S + 600, NOW)
    assert home.sent() == DeviceCommand(device="car", sequence=number, until_s=EPOCH_S + 600, power_w=3_000)
    home.answer("car", number)
    assert home.car.refusals.total == 0
    home.car.release(NOW)
    assert home.sent().power_w is None
    home.plug.switch(False, EPOCH_S + 600, NOW)
    assert home.sent().power_w == 0
    home.plug.switch(True, EPOCH_S + 600, NOW)
    assert home.sent().power_w == 2_300


@pytest.mark.parametrize(
    ("name", "power_w", "until_s", "state", "words"),
    [
        ("car", 1_399, 600, {}, "power_w is 1399; give 0 or 1400 to 7000"),
        ("car", 7_001, 600, {}, "power_w is 7001"),
        ("car", -1, 600, {}, "power_w is -1"),
        ("car", 3_000, 0, {}, "give a moment in the next 48 hours"),
        ("car", 3_000, 200_000, {}, "give a moment in the next 48 hours"),
        (
            "car",
            3_000,
            600,
            {"connected": False, "car_wh": 0, "car_capacity_wh": 0, "needed_wh": 0},
            "car has no car: connect it, or set 0 W",
        ),
        ("heat", 2_000, 600, {"store_wh": 6_000}, "store is at 6000 Wh, its upper end"),
        ("heat", 0, 600, {"store_wh": 2_000}, "store is at 2000 Wh, its lower end: let it heat"),
        ("plug", 1_000, 600, {}, "a plug takes 0 or its rating, 2300"),
    ],
)
def test_commands_beyond_a_limit_are_refused_before_anything_is_sent(
    name: str, power_w: int, until_s: int, state: dict[str, object], words: str
) -> None:
    home = Flexible()
    home.say(name, **state)
    with pytest.raises(CommandRefused, match=words):
        home.device(name).set_power(power_w, EPOCH_S + until_s, NOW)
    assert home.house.sent() == []


def test_the_person_s_limit_holds_whatever_the_rating_says() -> None:
    home = Flexible(most_w=4_000)
    with pytest.raises(CommandRefused, match="give 0 or 1400 to 4000"):
        home.car.set_power(4_001, EPOCH_S + 600, NOW)
    home.car.set_power(4_000, EPOCH_S + 600, NOW)


@pytest.mark.parametrize(
    ("name", "fields", "fault", "words"),
    [
        ("car", {"power_w": 7_351}, Fault.IMPLAUSIBLE, "power_w is 7351; it is rated for 7000"),
        ("car", {"energy_wh": 99}, Fault.IMPLAUSIBLE, "energy_wh is 99, it was 100; a counter never falls"),
        ("car", {"car_wh": 40_001}, Fault.IMPLAUSIBLE, "a state of charge is 0 to 1"),
        ("car", {"needed_wh": 30_001}, Fault.IMPLAUSIBLE, "needed_wh is 30001; 30000 fit in: ask for less"),
        ("car", {"connected": False, "power_w": 100}, Fault.IMPLAUSIBLE, "power_w is 100 without a car"),
        ("car", {"car_wh": -1}, Fault.MALFORMED, "car_wh is -1"),
        ("car", {"connected": 1}, Fault.MALFORMED, "connected is 1"),
        ("car", {"power_w": float("nan")}, Fault.MALFORMED, "power_w is nan"),
        ("car", {"power_w": float("-inf")}, Fault.MALFORMED, "power_w is -inf"),
        ("car", {"device": "heat"}, Fault.WRONG_CLIENT, "device is 'heat' on car's topic"),
        ("car", {"sequence": 1}, Fault.REPLAYED, "sequence is 1, the last was 1; it must grow"),
        ("heat", {"store_wh": 8_001}, Fault.IMPLAUSIBLE, "store_wh is 8001; 8000 is the store's most"),
        ("plug", {"on": False, "power_w": 6}, Fault.IMPLAUSIBLE, "power_w is 6 though it is off: check the relay"),
    ],
)
def test_a_device_that_lies_is_refused_and_stays_at_its_last_believed_state(
    name: str, fields: dict[str, Any], fault: Fault, words: str
) -> None:
    home = Flexible()
    device = home.device(name)
    believed = device.state
    home.say(name, **fields)
    assert device.refusals.counts == {fault: 1}
    assert words in (device.refusals.last or "")
    assert device.state == believed


def test_a_state_delivered_twice_is_one_state_and_a_replayed_one_gives_no_life() -> None:
    home = Flexible()
    assert home.car.state is not None
    payload = home.car.state.encode()
    for second in range(1, 20):
        home.house.hear(home.car.paths.state, payload, now=NOW.later(second))
    assert home.car.refusals.total == 0
    assert not home.car.available


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"\x00" * 100, b"{" * 70_000])
def test_no_payload_whatever_stops_a_driver(payload: bytes) -> None:
    home = Flexible()
    for topic in home.car.topics:
        home.house.hear(topic, payload)
    assert home.car.refusals.counts == {Fault.MALFORMED: 4}
    assert home.car.available


def test_a_rating_that_cannot_be_is_refused_and_another_one_is_announced() -> None:
    home = Flexible()
    rating = json.loads(RATINGS["heat"].encode())
    for wrong, words in (
        ({"min_w": 3_000}, "min_w is 3000; give at most max_w, 2000"),
        ({"comfort_max_wh": 9_000}, "give them in ascending order"),
        ({"interval_s": 0}, "interval_s is 0"),
        ({"kind": "plug"}, "kind is 'plug'"),
        ({"device": "car"}, "device is 'car' on heat's topic"),
    ):
        home.house.hear(home.heat.paths.rating, json.dumps(rating | wrong).encode())
        assert words in (home.heat.refusals.last or "")
        assert home.heat.rating == RATINGS["heat"]
    home.house.hear(home.heat.paths.rating, json.dumps(rating | {"max_w": 2_500}).encode())
    assert home.house.said() == [("heat", "rating"), ("heat", "unavailable")]
    home.say("heat")
    assert home.house.said() == [("heat", "available")]


def test_what_a_car_needs_is_told_when_it_changes_and_not_while_it_charges() -> None:
    home = Flexible()
    home.say("car", departure_s=EPOCH_S + 9_000)
    assert home.house.said() == [("car", "need")]
    home.say("car", departure_s=EPOCH_S + 9_000, car_wh=12_000, needed_wh=12_000, energy_wh=2_100)
    assert home.house.said() == []
    home.say("car", departure_s=EPOCH_S + 9_000, car_wh=12_000, needed_wh=20_000, energy_wh=2_100)
    assert home.house.said() == [("car", "need")]
    home.say("car", connected=False, car_wh=0, car_capacity_wh=0, needed_wh=0, energy_wh=2_100)
    home.say("car", energy_wh=2_100)
    assert [change.reason for change in home.house.changes] == ["the car left", "a car came"]


def test_refusals_and_missing_answers_of_a_device_are_told() -> None:
    home = Flexible()
    number = home.car.set_power(3_000, EPOCH_S + 600, NOW)
    home.answer("car", number, AnswerCode.NOT_NOW)
    assert home.house.said() == [("car", "command_refused")]
    home.car.set_power(3_000, EPOCH_S + 600, NOW)
    home.house.roster.tick(NOW.later(10.1))
    assert home.house.said() == [("car", "command_unanswered")]
    home.answer("car", 12_345)
    assert home.car.refusals.counts == {Fault.WRONG_CLIENT: 1}
    home.answer("car", number, who="plug")
    assert home.car.refusals.counts == {Fault.WRONG_CLIENT: 2}


def test_an_answer_that_comes_late_is_still_the_answer() -> None:
    home = Flexible()
    number = home.car.set_power(3_000, EPOCH_S + 600, NOW)
    home.house.roster.tick(NOW.later(10.1))
    home.answer("car", number)
    assert home.car.refusals.total == 0
    home.answer("car", number)
    assert home.car.refusals.counts == {Fault.WRONG_CLIENT: 1}


def test_a_clock_that_is_set_makes_no_device_silent() -> None:
    home = Flexible()
    for second in range(1, 20):
        now = NOW.later(second)._replace(unix_s=NOW.unix_s + 86_400 * (-1) ** second)
        home.house.roster.tick(now)
        home.house.hear(home.car.paths.state, home.next_state("car"), now=now)
        assert home.car.available


def test_a_device_that_acknowledges_and_undoes_three_times_is_left_alone() -> None:
    home = Flexible()
    for _ in range(3):
        assert home.car.available
        number = home.car.set_power(3_000, EPOCH_S + 600, NOW)
        home.answer("car", number)
        home.say("car", set_w=3_000, power_w=3_000)
        home.say("car", power_w=7_000)
    assert "undoes set points" in (home.car.unavailable_because or "")
    assert home.house.said() == [("car", "unavailable")]
    with pytest.raises(CommandRefused, match="left alone for 600 s"):
        home.car.set_power(3_000, EPOCH_S + 600, NOW)


def test_a_car_that_leaves_undoes_nothing() -> None:
    home = Flexible()
    for _ in range(4):
        home.say("car")
        number = home.car.set_power(3_000, EPOCH_S + 600, NOW)
        home.answer("car", number)
        home.say("car", connected=False, car_wh=0, car_capacity_wh=0, needed_wh=0)
    assert home.car.available


def test_the_comfort_band_is_told_as_a_share() -> None:
    home = Flexible()
    assert home.heat.stored_share == 0.5
    home.say("heat", store_wh=1_000)
    assert home.heat.stored_share == -0.25
