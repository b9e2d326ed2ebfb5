"""Devices that lie, fall silent, oscillate or are spoken for by others: what the agent makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clients.household.devices import Change, Moment, Roster
from clients.household.devices.refusal import Fault
from clients.household.equipment import Equipment
from clients.household.flexible.loads import FlexibleLoads, loads_of
from clients.household.flexible.section import DeviceSection
from clients.household.home import Home
from clients.household.measurements import Measurements
from clients.household.planner.planner import Planner
from clients.household.steering import Steering
from tests.devices.made import EPOCH_S, HOME, NOW, PLATE, SLOT_SECONDS, TOPICS, reading, telemetry
from tests.household.made import expected, home, terms
from wire.device import CarChargerRating, CarChargerState, DeviceTopics
from wire.mqtt import SetPoint, Status, StatusCode, decode

CAR = CarChargerRating(device="car", kind="car_charger", min_w=1_400, max_w=3_600, interval_s=10)


class Agent:
    """A home's agent, to which messages are handed as a broker would; slots of ten seconds."""

    def __init__(self, *sections: DeviceSection) -> None:
        self.home: Home = home([expected(100, 0)])
        self.home.battery = None
        self.home.measurements = Measurements(EPOCH_S, SLOT_SECONDS)
        if sections:
            self.home.flexible = FlexibleLoads(HOME, loads_of(HOME, sections, TOPICS), Planner(), 17_250)
        self.equipment = Equipment(self.home, TOPICS)
        self.roster = Roster(self.equipment.devices, TOPICS)
        self.told: list[Change] = []
        self.roster.on_change(self._changed)
        self.roster.on_heard(self._heard)
        self.now = NOW
        self.hear(TOPICS.nameplate(HOME), PLATE.encode(), retained=True)
        self.telemetry(load_w=600)

    def hear(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.roster.receive(topic, payload, retained, self.now)

    def telemetry(self, **fields: Any) -> None:
        at_ms = int(self.now.unix_s * 1000)
        slot = int((self.now.unix_s - EPOCH_S) // SLOT_SECONDS)
        content = json.loads(telemetry(**({"slot": slot, "time_ms": at_ms} | fields)))
        self.hear(TOPICS.telemetry(HOME), json.dumps(content).encode())

    def later(self, seconds: float) -> None:
        self.now = self.now.later(seconds)
        self.roster.tick(self.now)

    def _heard(self, _: str) -> None:
        self.equipment.look()

    def _changed(self, change: Change) -> None:
        self.told.append(change)
        self.equipment.look()


def test_a_battery_that_lies_is_not_believed_while_load_and_sun_are() -> None:
    agent = Agent()
    assert agent.home.battery is not None
    agent.later(2)
    agent.telemetry(load_w=1_200, energy_wh=60_000)
    assert agent.home.measurements.battery_wh == 3_000
    running = agent.home.measurements.running
    assert running is not None
    assert running.gap_w == 1_200


def test_a_battery_that_only_lies_is_planned_without_until_it_tells_the_truth() -> None:
    agent = Agent()
    for _ in range(8):
        agent.later(2.5)
        agent.telemetry(energy_wh=60_000)
    assert agent.home.battery is None
    assert "silent" in agent.told[-1].reason
    now = terms(20)
    agent.home.make_plan(now, 20)
    assert agent.home.plan[21].flow_wh == 100
    assert agent.home.steering(21) is None
    agent.telemetry(energy_wh=2_500)
    assert agent.home.battery is not None
    assert agent.home.measurements.battery_wh == 2_500
    assert agent.told[-1].kind.value == "available"


def test_a_home_that_falls_silent_has_no_battery_to_plan_with_and_gets_no_set_points() -> None:
    agent = Agent()
    agent.later(15.5)
    assert agent.home.battery is None
    agent.equipment.ask(2, -100)
    assert not agent.roster.outgoing
    assert {change.device for change in agent.told if change.kind.value == "unavailable"} == {"battery", "inverter"}


@pytest.mark.parametrize(
    ("topic", "payload", "fault"),
    [
        ("telemetry", b'{"slot": NaN}', Fault.MALFORMED),
        ("telemetry", b"\xff\xfe", Fault.MALFORMED),
        ("telemetry", telemetry(load_w=400, grid_w=9_000, time_ms=EPOCH_S * 1000 + 6_000), Fault.IMPLAUSIBLE),
        ("telemetry", telemetry(load_w=999, time_ms=EPOCH_S * 1000), Fault.REPLAYED),
        ("nameplate", PLATE.model_copy(update={"home": "h2"}).encode(), Fault.WRONG_CLIENT),
        ("nameplate", PLATE.model_copy(update={"battery_min_wh": 5_900}).encode(), Fault.IMPLAUSIBLE),
        (
            "status",
            Status(code=StatusCode.ACCEPTED, reason="", time_ms=1, sequence=77, slot=0).encode(),
            Fault.WRONG_CLIENT,
        ),
    ],
)
def test_what_is_malformed_replayed_or_another_client_s_changes_nothing(
    topic: str, payload: bytes, fault: Fault
) -> None:
    agent = Agent()
    before = (agent.home.battery, agent.home.measurements.running, dict(agent.home.measurements.load_wh))
    agent.hear(f"vdg/v1/{HOME}/{topic}", payload)
    assert (agent.home.battery, agent.home.measurements.running, agent.home.measurements.load_wh) == before
    assert agent.equipment.inverter.refusals.counts[fault] == 1


def test_a_meter_that_lies_is_found_and_the_agent_goes_on() -> None:
    agent = Agent()
    agent.hear(TOPICS.reading(HOME), reading())
    agent.hear(TOPICS.reading(HOME), reading(sequence=1, slot=0, import_wh=900_000))
    assert agent.equipment.meter.refusals.counts == {Fault.IMPLAUSIBLE: 1}
    assert agent.home.battery is not None


def test_a_battery_that_undoes_what_it_accepted_again_and_again_is_left_alone() -> None:
    agent = Agent()
    battery = agent.equipment.battery
    for count in range(4):
        if not battery.available:
            break
        slot = int((agent.now.unix_s - EPOCH_S) // SLOT_SECONDS)
        sequence = battery.power(slot, 1_000 + count, agent.now)
        accepted = Status(
            code=StatusCode.ACCEPTED, reason="", time_ms=int(agent.now.unix_s * 1000), sequence=sequence, slot=slot
        )
        agent.hear(TOPICS.status(HOME), accepted.encode())
        agent.later(0.5)
        agent.telemetry(battery_w=1_000 + count, grid_w=400 - 1_000 - count)
        agent.later(0.5)
        agent.telemetry(battery_w=0)
    assert "undoes set points" in (battery.unavailable_because or "")
    assert agent.home.battery is None
    agent.roster.outgoing.clear()
    agent.equipment.ask(1, -100)
    assert not agent.roster.outgoing
    for _ in range(62):
        agent.later(10)
        agent.telemetry()
    assert agent.home.battery is not None


def test_a_set_point_that_was_refused_is_not_taken_for_one_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent()
    monkeypatch.setattr(Moment, "now", lambda: agent.now)
    agent.equipment.ask(1, -100)
    (outgoing,) = agent.roster.outgoing
    sent = decode(SetPoint, outgoing.payload)
    refused = Status(code=StatusCode.REPLAYED, reason="too low", time_ms=1, sequence=sent.sequence, slot=1)
    agent.hear(TOPICS.status(HOME), refused.encode())
    assert agent.told[-1].kind.value == "command_refused"
    agent.equipment.steer(1)
    again = decode(SetPoint, agent.roster.outgoing[-1].payload)
    assert (again.grid_wh, again.sequence > sent.sequence) == (-100, True)
    assert agent.home.steering(1) == Steering(1, "follow", grid_wh=-100)


def test_a_set_point_that_is_refused_every_time_is_sent_three_times_and_another_one_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agent = Agent()
    monkeypatch.setattr(Moment, "now", lambda: agent.now)

    def refuse_all() -> int:
        sent = [decode(SetPoint, outgoing.payload) for outgoing in agent.roster.outgoing]
        agent.roster.outgoing.clear()
        for one in sent:
            code, reason = StatusCode.BEYOND_POWER, "it takes no such thing"
            status = Status(code=code, reason=reason, time_ms=1, sequence=one.sequence, slot=one.slot)
            agent.hear(TOPICS.status(HOME), status.encode())
        return len(sent)

    agent.equipment.ask(1, -100)
    count = refuse_all()
    for _ in range(10):
        # Each refusal is a reason to plan again, after which the slot is steered.
        agent.equipment.steer(1)
        count += refuse_all()
    assert count == 3
    agent.equipment.ask(1, -90)
    assert refuse_all() == 1


def with_car() -> Agent:
    agent = Agent(DeviceSection.model_validate({"id": "car", "kind": "car_charger"}))
    paths = DeviceTopics(TOPICS, HOME, "car")
    agent.hear(paths.rating, CAR.encode(), retained=True)
    car(agent, 1)
    return agent


def car(agent: Agent, sequence: int, **fields: Any) -> None:
    content = {"device": "car", "sequence": sequence, "time_ms": int(agent.now.unix_s * 1000), "power_w": 0}
    content |= {"energy_wh": 0, "connected": True, "car_wh": 20_000, "car_capacity_wh": 50_000, "needed_wh": 3_000}
    state = CarChargerState.model_validate(content | {"departure_s": EPOCH_S + 600} | fields)
    agent.hear(DeviceTopics(TOPICS, HOME, "car").state, state.encode())


def planned_wh(agent: Agent) -> int:
    flexible = agent.home.flexible
    assert flexible is not None
    clock = terms()._replace(grid=terms().grid._replace(epoch_s=EPOCH_S, slot_seconds=SLOT_SECONDS))
    agent.home.make_plan(clock, 1)
    return sum(flexible.scheduled_wh(slot) for slot in range(2, 60))


def test_a_car_that_lies_keeps_its_last_believed_need_and_then_is_planned_without() -> None:
    agent = with_car()
    assert planned_wh(agent) == pytest.approx(3_000, abs=30)
    car(agent, 2, needed_wh=90_000)
    car(agent, 3, power_w=99_000)
    car(agent, 1, needed_wh=20_000)
    flexible = agent.home.flexible
    assert flexible is not None
    refusals = flexible.devices[0].refusals
    assert refusals.counts == {Fault.IMPLAUSIBLE: 2, Fault.REPLAYED: 1}
    assert planned_wh(agent) == pytest.approx(3_000, abs=30)
    agent.later(16)
    assert planned_wh(agent) == 0
    assert [change.kind.value for change in agent.told if change.device == "car"] == ["available", "unavailable"]


def test_a_device_that_nobody_listed_is_counted_and_never_part_of_a_plan() -> None:
    agent = with_car()
    agent.hear(DeviceTopics(TOPICS, HOME, "stranger").rating, CAR.model_copy(update={"device": "stranger"}).encode())
    assert agent.roster.refusals.counts == {Fault.WRONG_TOPIC: 1}
    assert planned_wh(agent) == pytest.approx(3_000, abs=30)
