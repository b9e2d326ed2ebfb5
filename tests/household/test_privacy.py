"""What the inspection of all that an agent sends takes, and that it refuses a home's life anywhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from node.run.genesis import VDG
from tests.household import privacy
from tests.household.lying_relay import Asked
from tests.household.wire_tap import Published
from wire.answered import Answered
from wire.asset import DeclareAvailability
from wire.codec import encode
from wire.device import CarChargerState, DeviceCommand, DeviceTopics
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.market import PlaceOrder, Side
from wire.mqtt import SetPoint, Topics
from wire.tx import Tx, TxBody

HOME, CAR = "f01load00001", "car"
TOPICS = Topics()
PATHS = DeviceTopics(TOPICS, HOME, CAR)
PAGE = f"{TOPICS.root}/{HOME}/panel"
ACCOUNT = b"a" * 20
STATE = CarChargerState(
    device=CAR,
    sequence=1,
    time_ms=2,
    power_w=3_600,
    energy_wh=9_000,
    connected=True,
    car_wh=23_457,
    car_capacity_wh=61_003,
    needed_wh=12_000,
    departure_s=1_780_000_000,
)
NUMBERS = {23_457, 61_003, 1_780_000_000}
COMMAND = DeviceCommand(device=CAR, sequence=1, until_s=2, power_w=3_600)
ANSWERED = Answered(slot=80, session=1, iteration=1, since_ms=1_780_000_000_000)
ORDER = PlaceOrder(VDG, "intraday", 80, Side.SIDE_BID, 500, 150_000)


def house(topic: str, payload: bytes) -> set[str]:
    """Judge what is said at the house's broker."""
    return privacy.judge_house([Published(topic, payload)], [HOME], {HOME: [CAR]})


def sent(message: Any) -> Asked:
    """A transaction on its way."""
    tx = encode(Tx(encode(TxBody("chain", ACCOUNT, 1, 2, message)), b"s" * 64))
    return Asked("/vdg.gateway.v1.TxService/Submit", pb.SubmitRequest(tx=tx).SerializeToString(), ())


@pytest.mark.parametrize(
    ("topic", "payload", "end"),
    [
        (TOPICS.set_point(HOME), SetPoint(sequence=1, slot=2, mode="self").encode(), "setpoint"),
        (PATHS.command, COMMAND.encode(), "car/command"),
        (f"{PAGE}/state", json.dumps({"state_of_charge": 50}).encode(), "state"),
        (f"{PAGE}/notice", b"none", "notice"),
        (f"{TOPICS.root}/household/panel/online", b"online", "online"),
    ],
)
def test_the_house_s_broker_is_told_what_is_named(topic: str, payload: bytes, end: str) -> None:
    assert house(topic, payload) == {end}


@pytest.mark.parametrize(
    "topic",
    [
        *(PATHS.state, PATHS.command, TOPICS.set_point(HOME), TOPICS.telemetry(HOME), TOPICS.answered(HOME)),
        *(
            f"{PAGE}/state",
            f"{PAGE}/notice",
            f"{TOPICS.root}/{HOME}/{CAR}",
            f"{TOPICS.root}/household/panel/online",
            "homeassistant/sensor/car/state",
        ),
        DeviceTopics(TOPICS, "f01load00002", CAR).command,
    ],
)
def test_a_device_s_state_is_found_on_any_topic_that_is_not_its_own(topic: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        house(topic, STATE.encode())


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (PATHS.state, STATE.encode()),
        (PATHS.command, COMMAND.encode()),
        (TOPICS.answered(HOME), STATE.encode()),
        (TOPICS.answered(HOME), json.dumps(ANSWERED.model_dump() | {"car_wh": 23_457}).encode()),
        (TOPICS.answered(HOME), ANSWERED.encode() + b" "),
        (f"{PAGE}/state", b"{}"),
        (TOPICS.set_point(HOME), SetPoint(sequence=1, slot=2, mode="self").encode()),
    ],
)
def test_the_dso_is_told_that_a_home_has_answered_and_nothing_else(topic: str, payload: bytes) -> None:
    privacy.judge_dso([Published(TOPICS.answered(HOME), ANSWERED.encode())], [HOME])
    with pytest.raises(AssertionError):
        privacy.judge_dso([Published(topic, payload)], [HOME])


@pytest.mark.parametrize(
    "message",
    [
        ORDER._replace(product=STATE.encode().decode()),
        ORDER._replace(vdg=CAR),
        ORDER._replace(energy_wh=STATE.car_wh),
        ORDER._replace(limit_price_neur_per_wh=STATE.car_capacity_wh),
        DeclareAvailability(VDG, 80, (100, STATE.car_wh)),
    ],
)
def test_a_device_s_state_is_found_in_a_transaction(message: Any) -> None:
    plain = [sent(ORDER), sent(DeclareAvailability(VDG, 80, (100, 200)))]
    assert privacy.judge(plain, [ACCOUNT], NUMBERS) == {"PlaceOrder": 1, "DeclareAvailability": 1}
    with pytest.raises(AssertionError):
        privacy.judge([sent(message)], [ACCOUNT], NUMBERS)


def test_nothing_is_hidden_behind_a_transaction_or_in_a_header() -> None:
    asked = sent(ORDER)
    with pytest.raises(AssertionError):
        privacy.judge([asked._replace(data=asked.data + b"\x7a\x03car")], [ACCOUNT])
    with pytest.raises(AssertionError):
        privacy.judge([asked._replace(headers=(("car", "23457"),))], [ACCOUNT])
