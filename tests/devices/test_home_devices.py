"""Meter, inverter and battery drivers: what they believe, what they refuse, and what they send."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from clients.household.devices import CommandRefused, Fault, Roster
from clients.household.devices.device import Device
from clients.household.devices.meter import Meter, SlotFlow
from clients.household.devices.oscillation import Oscillation
from tests.devices.made import EPOCH_S, HOME, NOW, PLATE, SLOT_SECONDS, TOPICS, House, reading, telemetry
from wire.mqtt import Status, StatusCode


def status(sequence: int | None, code: StatusCode = StatusCode.ACCEPTED, time_ms: int = EPOCH_S * 1000) -> bytes:
    return Status(code=code, reason="because", time_ms=time_ms, sequence=sequence).encode()


def refused(device: Device, fault: Fault, words: str) -> bool:
    """Whether exactly one message was refused, with these words."""
    return device.refusals.counts == {fault: 1} and words in (device.refusals.last or "")


def test_a_home_is_available_once_nameplate_and_messages_have_come() -> None:
    house = House()
    assert not house.battery.available
    house.telemetry(pv_w=1_000, battery_w=-500)
    house.reading()
    assert house.said() == [("inverter", "available"), ("battery", "available"), ("meter", "available")]
    assert house.battery.state is not None
    assert house.inverter.state is not None
    assert (house.battery.state.power_w, house.battery.state.state_of_charge) == (-500, 0.5)
    assert (house.inverter.state.pv_w, house.inverter.state.grid_w) == (1_000, -100)


def test_retained_messages_may_come_before_the_nameplate_that_judges_them() -> None:
    house = House()
    meter = Meter("h2", TOPICS)
    house.roster.add(meter)
    house.hear(TOPICS.reading("h2"), reading(meter="VDG-h2"), retained=True)
    assert meter.reading is None
    house.hear(TOPICS.nameplate("h2"), PLATE.model_copy(update={"home": "h2", "meter": "VDG-h2"}).encode(), True)
    assert meter.reading is not None
    assert meter.available


def test_a_device_silent_for_longer_than_it_stated_is_unavailable_and_that_is_announced() -> None:
    house = House()
    house.telemetry()
    house.said()
    house.roster.tick(NOW.later(1.5 * SLOT_SECONDS))
    assert house.said() == []
    house.roster.tick(NOW.later(1.5 * SLOT_SECONDS + 0.1))
    assert house.said() == [("inverter", "unavailable"), ("battery", "unavailable")]
    assert house.battery.unavailable_because == "silent for 15 s; it says to speak every 10 s"
    with pytest.raises(CommandRefused, match="h1/battery is unavailable: silent for 15 s"):
        house.battery.power(1, 100, NOW.later(15))
    assert house.sent() == []
    house.telemetry(now=NOW.later(20), slot=2, time_ms=(EPOCH_S + 20) * 1000)
    assert house.said() == [("inverter", "available"), ("battery", "available")]


def test_what_a_dead_device_left_at_the_broker_is_no_sign_of_life() -> None:
    house = House()
    house.telemetry(retained=True, now=NOW.later(3_600))
    assert house.battery.state is not None
    assert not house.battery.available
    assert (house.battery.unavailable_because or "").startswith("silent for 3605 s")


def test_the_last_will_makes_the_home_s_devices_unavailable_at_once() -> None:
    house = House()
    house.telemetry()
    house.reading()
    house.said()
    house.hear(TOPICS.online(), b"false", retained=True)
    assert house.said() == [("meter", "unavailable"), ("inverter", "unavailable"), ("battery", "unavailable")]
    house.hear(TOPICS.online(), b"true", retained=True)
    assert [kind for _, kind in house.said()] == ["available"] * 3
    house.hear(TOPICS.online(), b"maybe")
    assert refused(house.meter, Fault.MALFORMED, "send true, and false as last will")


@pytest.mark.parametrize(
    ("fields", "fault", "words"),
    [
        ({"meter": "VDG-h2"}, Fault.WRONG_CLIENT, "meter is 'VDG-h2'; the nameplate says 'VDG-h1'"),
        ({"sequence": 7}, Fault.REPLAYED, "sequence is 7, the last was 7; it must grow"),
        ({"sequence": 3}, Fault.REPLAYED, "sequence is 3, the last was 7"),
        ({"slot": 4}, Fault.IMPLAUSIBLE, "slot is 4, the last was 4; set the meter's clock"),
        ({"import_wh": 499}, Fault.IMPLAUSIBLE, "import_wh is 499, it was 500; a register never falls"),
        ({"export_wh": 0}, Fault.IMPLAUSIBLE, "export_wh is 0, it was 100; a register never falls"),
        ({"import_wh": 7_747}, Fault.IMPLAUSIBLE, "import_wh grew by 7247 Wh; 43470 W make 7246 at most"),
        ({"import_wh": float("nan")}, Fault.MALFORMED, "import_wh is nan"),
        ({"import_wh": float("inf")}, Fault.MALFORMED, "import_wh is inf"),
        ({"import_wh": 2**60}, Fault.MALFORMED, "import_wh is"),
        ({"import_wh": "many"}, Fault.MALFORMED, "import_wh is 'many'"),
        ({"import_wh": -1}, Fault.MALFORMED, "import_wh is -1"),
    ],
)
def test_a_meter_that_lies_is_refused_and_stays_at_its_last_believed_reading(
    fields: dict[str, Any], fault: Fault, words: str
) -> None:
    house = House()
    house.reading(sequence=7, slot=4)
    believed = house.meter.reading
    house.reading(**{"sequence": 8, "slot": 5, "import_wh": 510} | fields)
    assert refused(house.meter, fault, words), house.meter.refusals.last
    assert house.meter.reading == believed
    house.reading(sequence=9, slot=6, import_wh=520, export_wh=150)
    assert house.meter.flow == SlotFlow(5, 6, -30)
    assert house.meter.lost_readings == 1


def test_a_reading_that_the_broker_delivers_twice_is_one_reading() -> None:
    house = House()
    house.reading()
    house.reading()
    assert house.meter.refusals.total == 0


@pytest.mark.parametrize(
    ("fields", "driver", "fault", "words"),
    [
        ({"battery_w": 3_151}, "battery", Fault.IMPLAUSIBLE, "battery_w is 3151; it is rated for 3000"),
        ({"battery_w": -3_151}, "battery", Fault.IMPLAUSIBLE, "battery_w is -3151"),
        (
            {"energy_wh": 6_001},
            "battery",
            Fault.IMPLAUSIBLE,
            "energy_wh is 6001; 6000 fit in: state of charge is 0 to 1",
        ),
        ({"energy_wh": -1}, "battery", Fault.MALFORMED, "energy_wh is -1"),
        ({"energy_wh": float("nan")}, "battery", Fault.MALFORMED, "energy_wh is nan"),
        ({"grid_w": 0}, "battery", Fault.IMPLAUSIBLE, "the others make 400: check sensors and signs"),
        ({"time_ms": 0}, "battery", Fault.REPLAYED, "time_ms is 0, before the last one's"),
        ({"pv_w": 6_251}, "inverter", Fault.IMPLAUSIBLE, "pv_w is 6251; 5000 Wp give at most 6250"),
        ({"pv_w": 10, "curtailed_w": 20}, "inverter", Fault.IMPLAUSIBLE, "curtailed_w 20 of pv_w 10"),
        ({"load_w": 1e400}, "inverter", Fault.MALFORMED, "load_w is inf"),
    ],
)
def test_an_inverter_or_battery_that_lies_is_refused(
    fields: dict[str, Any], driver: str, fault: Fault, words: str
) -> None:
    house = House()
    house.telemetry()
    device = house.battery if driver == "battery" else house.inverter
    believed = device.state
    house.telemetry(**{"time_ms": EPOCH_S * 1000 + 1} | fields)
    assert refused(device, fault, words), device.refusals.last
    assert device.state == believed


def test_a_battery_that_only_lies_is_unavailable_when_its_interval_is_over() -> None:
    house = House()
    house.telemetry()
    for second in range(1, 17):
        house.telemetry(now=NOW.later(second), time_ms=(EPOCH_S + second) * 1000, energy_wh=60_000)
    assert not house.battery.available
    assert house.battery.refusals.total == 16
    assert house.inverter.available


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b"null", b"{}", b"{" * 70_000, telemetry()[:-5]])
def test_no_payload_whatever_stops_a_driver(payload: bytes) -> None:
    house = House()
    for topic in (TOPICS.telemetry(HOME), TOPICS.reading(HOME), TOPICS.status(HOME), TOPICS.nameplate(HOME)):
        house.hear(topic, payload)
    assert house.inverter.refusals.counts[Fault.MALFORMED] == 3
    house.telemetry()
    assert house.battery.available


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"home": "h2"}, "home is 'h2' on h1's topic"),
        ({"battery_min_wh": 5_000}, "give them in ascending order"),
        ({"slot_seconds": 0}, "slot_seconds is 0"),
    ],
)
def test_a_nameplate_that_cannot_be_is_refused(fields: dict[str, object], words: str) -> None:
    house = House()
    house.hear(TOPICS.nameplate(HOME), json.dumps(PLATE.model_dump() | fields).encode())
    assert words in (house.battery.refusals.last or "")
    assert house.battery.nameplate == PLATE


def test_another_nameplate_makes_the_past_forgotten_and_is_announced() -> None:
    house = House()
    house.telemetry()
    house.reading(sequence=9)
    house.said()
    house.hear(TOPICS.nameplate(HOME), PLATE.model_copy(update={"meter": "new", "battery_wh": 9_000}).encode())
    assert ("battery", "rating") in house.said()
    house.reading(meter="new", sequence=0, import_wh=0)
    assert house.meter.reading is not None
    assert house.meter.refusals.total == 0


def test_a_home_without_a_battery_has_none_to_plan_with() -> None:
    house = House(plate=PLATE.model_copy(update={"battery_wh": 0, "battery_min_wh": 0, "battery_max_wh": 0}))
    house.telemetry(energy_wh=0)
    assert house.battery.unavailable_because == "the nameplate says that there is none"
    assert house.inverter.available


def test_set_points_go_out_with_growing_numbers_and_keep_what_else_was_ordered_for_the_slot() -> None:
    house = House()
    house.telemetry()
    first = house.battery.follow(3, -350, NOW)
    sent = house.sent_set_point()
    assert (sent.sequence, sent.slot, sent.mode, sent.grid_wh) == (first, 3, "follow", -350)
    second = house.inverter.limit_export(3, 2_000, NOW)
    sent = house.sent_set_point()
    assert (sent.mode, sent.grid_wh, sent.export_limit_w) == ("follow", -350, 2_000)
    assert second == first + 1
    house.battery.power(3, -1_500, NOW)
    sent = house.sent_set_point()
    assert (sent.mode, sent.power_w, sent.grid_wh, sent.export_limit_w) == ("power", -1_500, None, 2_000)
    house.battery.self_consume(3, NOW)
    assert house.sent_set_point().mode == "self"


def test_set_points_beyond_a_limit_are_refused_before_anything_is_sent() -> None:
    house = House()
    house.telemetry()
    with pytest.raises(CommandRefused, match="power_w is 3001; give -3000 to 3000, its rating"):
        house.battery.power(1, 3_001, NOW)
    with pytest.raises(CommandRefused, match="grid_wh is -8000; 43470 W at the grid make at most 7245"):
        house.battery.follow(1, -8_000, NOW)
    with pytest.raises(CommandRefused, match="slot is -1; 0 is running: give that to 288"):
        house.battery.power(-1, 5, NOW)
    with pytest.raises(CommandRefused, match="slot is 289"):
        house.battery.self_consume(289, NOW)
    with pytest.raises(CommandRefused, match="limit_w is -1; give 0 W or more"):
        house.inverter.limit_export(1, -1, NOW)
    assert house.sent() == []


def test_a_refusal_by_the_inverter_and_a_missing_answer_are_announced() -> None:
    house = House()
    house.telemetry()
    house.said()
    number = house.battery.power(1, 500, NOW)
    house.hear(TOPICS.status(HOME), status(number, StatusCode.LATE))
    assert [(change.kind.value, change.reason) for change in house.changes] == [
        ("command_refused", "power in slot 1: late: because")
    ]
    assert house.said()
    house.battery.power(1, 500, NOW)
    house.telemetry(now=NOW.later(11), time_ms=EPOCH_S * 1000 + 11)
    assert house.said() == [("inverter", "command_unanswered")]


def test_a_status_that_comes_late_is_still_the_answer() -> None:
    house = House()
    house.telemetry()
    number = house.battery.power(1, 500, NOW)
    house.roster.tick(NOW.later(10.1))
    house.hear(TOPICS.status(HOME), status(number))
    assert house.inverter.refusals.total == 0
    assert house.inverter.accepted(1) is not None


def test_answers_to_what_was_not_sent_are_counted_as_another_client_s() -> None:
    house = House()
    house.hear(TOPICS.status(HOME), status(123))
    assert refused(house.inverter, Fault.WRONG_CLIENT, "which this agent did not send: let one client steer a home")


def test_a_battery_that_undoes_what_it_accepted_three_times_is_left_alone_for_ten_minutes() -> None:
    house = House()
    house.telemetry()
    now = NOW
    for turn in range(3):
        number = house.battery.power(0, 1_000, now)
        house.hear(TOPICS.status(HOME), status(number, time_ms=EPOCH_S * 1000 + 10 * turn))
        house.telemetry(now=now, battery_w=1_000, time_ms=EPOCH_S * 1000 + 10 * turn + 1)
        assert house.battery.available
        house.telemetry(now=now, battery_w=-200, time_ms=EPOCH_S * 1000 + 10 * turn + 2)
        now = now.later(0.1)
    assert "undoes set points" in (house.battery.unavailable_because or "")
    assert house.said()[-1] == ("battery", "unavailable")
    with pytest.raises(CommandRefused, match="left alone for"):
        house.battery.power(0, 1_000, now)
    later = now.later(601)
    house.telemetry(now=later, slot=60, time_ms=EPOCH_S * 1000 + 601_000)
    assert house.battery.available


def test_a_battery_that_stops_at_its_limit_undoes_nothing() -> None:
    house = House()
    house.telemetry()
    for turn in range(5):
        number = house.battery.power(0, 1_000, NOW)
        house.hear(TOPICS.status(HOME), status(number))
        house.telemetry(battery_w=1_000, time_ms=EPOCH_S * 1000 + 2 * turn + 1)
        house.telemetry(battery_w=0, energy_wh=1_200, time_ms=EPOCH_S * 1000 + 2 * turn + 2)
    assert house.battery.available


def test_two_devices_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="device 'meter' of 'h1' is there twice"):
        Roster([Meter(HOME, TOPICS), Meter(HOME, TOPICS)], TOPICS)


def test_topics_of_strangers_are_counted_or_none_of_ours() -> None:
    house = House()
    house.hear("vdg/v1/h1/device/toaster/rating", b"{}")
    house.hear("homeassistant/sensor/x/config", b"{}")
    house.hear("vdg/v1/h9/meter", b"{}")
    house.hear("vdg/v1/h9/device/toaster/rating", b"{}")
    assert house.roster.refusals.counts == {Fault.WRONG_TOPIC: 1}
    assert "add it to the home's devices" in (house.roster.refusals.last or "")


def test_a_driver_takes_nothing_from_another_s_topic() -> None:
    house = House()
    for device in (house.meter, house.inverter, house.battery):
        device.receive(TOPICS.set_point(HOME), b"{}", False, NOW)
        assert refused(
            device, Fault.WRONG_TOPIC, f"vdg/v1/h1/setpoint: a{'n' * (device is house.inverter)} {device.name}"
        )


def test_set_points_undone_now_and_then_are_no_oscillation() -> None:
    oscillation = Oscillation(limit=3, window_s=600, hold_s=600)
    for undone in range(10):
        oscillation.acknowledged()
        oscillation.observed(False, 301.0 * undone)
        oscillation.observed(False, 301.0 * undone + 1)
        assert oscillation.unsteady_for_s(301.0 * undone + 1) == 0
    for undone in range(3):
        oscillation.acknowledged()
        oscillation.observed(False, 4_000.0 + undone)
    assert oscillation.unsteady_for_s(4_002) == 600
    assert oscillation.unsteady_for_s(4_700) == 0


def test_a_flood_of_bad_messages_costs_little_and_logs_little(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    begun = time.process_time()
    for _ in range(5_000):
        house.hear(TOPICS.reading(HOME), b"{}")
    assert time.process_time() - begun < 2
    assert house.meter.refusals.total == 5_000
    assert len(caplog.records) == 13
