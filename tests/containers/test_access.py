"""What the broker of a neighbourhood in containers hands to whom: to each service what it asks for, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from aiomqtt import Topic

from clients.common.broker import BrokerAddress
from clients.common.grid.shipped import load
from clients.common.slots import SlotClock
from clients.dso.collector.check import TimeRules
from clients.dso.collector.check_station import StationRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.collector.recalls import RecallRules, Recalls
from clients.dso.collector.station_desk import StationDesk
from clients.dso.collector.station_readings import StationReadings
from clients.dso.control.station_link import StationLink
from clients.dso.database import open_database
from clients.dso.findings import Findings
from clients.dso.members import Members
from clients.household.devices import Device, DeviceLink, Roster
from clients.household.devices.homeassistant import PanelPublisher
from clients.household.devices.homeassistant.entity import WORDS
from clients.household.equipment import Equipment
from clients.household.flexible.loads import FlexibleLoads, loads_of
from clients.household.flexible.section import DeviceSection
from clients.household.planner.planner import Planner
from clients.household.response.dso_link import DsoLink
from node.containers.access import ACCESS, access_file
from tests.containers.access_broker import AccessBroker, access_broker, may
from tests.devices.live import until
from tests.devices.test_homeassistant import Person
from tests.household.made import expected, home
from wire.device import DeviceTopics
from wire.mqtt import Topics

TOPICS = Topics()
DOCS = Path(__file__).parents[2] / "docs" / "mqtt.md"
WATCH = "watch"
HOMES = [f"home-{number}" for number in range(33)]
HOME = HOMES[0]
DEVICES = [
    DeviceSection.model_validate({"id": "car", "kind": "car_charger"}),
    DeviceSection.model_validate({"id": "heat", "kind": "heat_pump"}),
]
CAR = DeviceTopics(TOPICS, HOME, "car")
PAGE = f"{TOPICS.root}/{HOME}/panel"
SHOWN = [f"{PAGE}/{key}" for key in ("state", *WORDS)]
# What tells how people live, beside the meter's readings: for the home's agent and nobody else.
PRIVATE = [
    *(TOPICS.telemetry(HOME), TOPICS.nameplate(HOME), TOPICS.history(HOME), TOPICS.status(HOME)),
    *(TOPICS.set_point(HOME), CAR.rating, CAR.state, CAR.answer, CAR.online, CAR.command),
    *(*SHOWN, f"{PAGE}/reserve/set"),
]
# What the DSO is told, and by whom.
TOLD = [TOPICS.reading(HOME), TOPICS.gone(HOME), TOPICS.answered(HOME), TOPICS.station(), TOPICS.station_now()]


def rules() -> dict[str, list[str]]:
    """Those that Mosquitto is given."""
    return rules_in(access_file())


def rules_in(text: str) -> dict[str, list[str]]:
    """A file of rules taken apart, by user."""
    users: dict[str, list[str]] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "user":
            lines = users.setdefault(rest, [])
        elif word:
            lines.append(line)
    return users


@pytest.fixture
async def broker() -> AsyncIterator[AccessBroker]:
    async with access_broker(rules() | {WATCH: ["topic readwrite #"]}) as one:
        yield one


def reads_of(service: str) -> set[str]:
    """The filters that a service may read."""
    return {line.split()[2] for line in ACCESS[service] if line.split()[1] == "read"}


async def heard(broker: AccessBroker, user: str, says: list[tuple[str, str]]) -> set[str]:
    """What of these messages (user, topic) reaches ``user``, which subscribes to everything there is."""
    async with aiomqtt.Client("127.0.0.1", broker.port, username=user, identifier="listener") as listener:
        await listener.subscribe("#", qos=1)
        for sender, topic in says:
            async with aiomqtt.Client("127.0.0.1", broker.port, username=sender) as client:
                await client.publish(topic, b"{}", qos=1)
        async with aiomqtt.Client("127.0.0.1", broker.port, username="vdg-emulator") as client:
            # Everybody may read it; whatever was to come has come before.
            await client.publish(TOPICS.reading("last"), b"{}", qos=1)
        topics: set[str] = set()
        async for message in listener.messages:
            if str(message.topic) == TOPICS.reading("last"):
                return topics
            topics.add(str(message.topic))
    raise AssertionError("the connection broke")


async def test_the_dso_hears_readings_and_answers_and_nothing_of_a_home_s_life(broker: AccessBroker) -> None:
    says = [("vdg-emulator", topic) for topic in (*PRIVATE, *TOLD)]
    assert await heard(broker, "vdg-dso", says) == set(TOLD)


async def test_the_agent_hears_its_home_s_devices_and_page(broker: AccessBroker) -> None:
    own = {CAR.command, TOPICS.set_point(HOME), *SHOWN}
    says = [("vdg-emulator", topic) for topic in (*PRIVATE, *TOLD)]
    assert await heard(broker, "vdg-households", says) == {TOPICS.reading(HOME), *PRIVATE} - own


async def test_each_says_what_is_its_own_and_nothing_in_another_s_name(broker: AccessBroker) -> None:
    every = [*PRIVATE, *TOLD, TOPICS.recall(HOME), TOPICS.assignment(HOME), TOPICS.switch_command(HOME)]
    dso = await heard(broker, WATCH, [("vdg-dso", topic) for topic in every])
    assert dso == {TOPICS.recall(HOME), TOPICS.assignment(HOME)}
    agent = await heard(broker, WATCH, [("vdg-households", topic) for topic in every])
    assert agent == {TOPICS.set_point(HOME), TOPICS.answered(HOME), CAR.command, *SHOWN}
    stranger = await heard(broker, WATCH, [("vdg-stranger", topic) for topic in every])
    assert stranger == set()


@pytest.fixture
def collector(tmp_path: Path, broker: AccessBroker) -> Iterator[Collector]:
    """With all that it can be told to follow."""
    with closing(open_database(tmp_path / "dso.sqlite", "chain", "grid")) as database:
        network, clock, findings = load("thesis-33"), SlotClock(0, 600), Findings()
        times = TimeRules(clock, tolerance_s=0.5, late_s=10**10, nominal_v=network.nominal_v)
        desk = StationDesk(StationRules.of(network, "thesis-33"), times, StationReadings(database), findings)
        members, readings = Members([]), Readings(database)
        recalls = Recalls(RecallRules(clock, window_slots=9, grace_s=0.0), members, readings, findings)
        address = BrokerAddress(url=broker.url("vdg-dso"))
        yield Collector(address, times, members, readings, findings, lambda slot: None, desk, recalls)


async def test_the_dso_may_read_what_its_services_subscribe_to_and_no_more(
    broker: AccessBroker, collector: Collector
) -> None:
    station = StationLink(BrokerAddress(url=broker.url("vdg-dso")), SlotClock(0, 600), frozenset(), frozenset())
    async with working(collector.run(), station.run()):
        await until(lambda: collector.connected and station._connection.connected.is_set())
    assert broker.filters_of("vdg-dso") == reads_of("dso")


@pytest.mark.parametrize("homes", [HOMES[:1], HOMES], ids=["one", "many"])
async def test_the_agents_may_read_what_they_subscribe_to_and_no_more(broker: AccessBroker, homes: list[str]) -> None:
    address = BrokerAddress(url=broker.url("vdg-households"))
    devices: list[Device] = []
    for name in homes:
        agent = home([expected(100, 0)])
        agent.id = name
        agent.flexible = FlexibleLoads(name, loads_of(name, DEVICES, TOPICS), Planner(), 17_250)
        devices += Equipment(agent, TOPICS).devices
    roster = Roster(devices, TOPICS)
    page = PanelPublisher(address, homes, Person(), "household")
    devices_link, dso_link = DeviceLink(address, roster), DsoLink(address, homes)
    connected = [devices_link.connected, dso_link._connection.connected, page._connection.connected]
    async with working(devices_link.run(), dso_link.run(lambda *_: None), page.run()):
        await until(lambda: all(one.is_set() for one in connected))
    asked = broker.filters_of("vdg-households")
    covered = {rule: {one for one in asked if covers(rule, one)} for rule in reads_of("households")}
    assert [rule for rule, ones in covered.items() if not ones] == []
    assert asked == set().union(*covered.values())


async def test_an_agent_s_page_is_introduced_and_shown_as_its_rules_let_it(broker: AccessBroker) -> None:
    page = PanelPublisher(BrokerAddress(url=broker.url("vdg-households")), [HOME], Person(), "household")
    wanted = {one.topic for one in page.discovery.messages(HOME)}
    wanted |= {page.discovery.online, page.discovery.state(HOME), *(page.discovery.words(HOME, key) for key in WORDS)}
    seen: set[str] = set()
    async with aiomqtt.Client("127.0.0.1", broker.port, username=WATCH, identifier="watch") as client:
        await client.subscribe("#", qos=1)
        async with asyncio.timeout(30), working(page.run()):
            async for message in client.messages:
                seen.add(str(message.topic))
                if seen >= wanted:
                    break
    assert seen == wanted
    assert not may(rules(), "vdg-households", "write", f"homeassistant/lock/vdg_{HOME}/door/config")


def test_the_rules_are_those_that_the_documentation_gives() -> None:
    given = rules_in(DOCS.read_text().split("## Trust")[1].split("```")[1])
    assert set(given["dso"]) == set(ACCESS["dso"])
    page = "homeassistant/"
    agent = {line.replace("f01load00001", "+") for line in given["agent-f01load00001"]}
    written = {line for line in ACCESS["households"] if line.startswith(f"topic write {page}")}
    assert agent == {*ACCESS["households"]} - written | {f"topic write {page}+/+/+/config"}
    assert all(covers(f"{page}+/+/+/config", line.split()[2]) for line in written)


@asynccontextmanager
async def working(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Services that work meanwhile; they must be connected by then, as only that is ended in order."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def covers(rule: str, asked: str) -> bool:
    """Whether a rule allows all that a filter asks for."""
    return Topic(asked.replace("+", "any")).matches(rule)
