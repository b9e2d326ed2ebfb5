"""A home on Home Assistant's pages: what the broker keeps, what HA documents, and what the person can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiomqtt import Client

from clients.common.broker import BrokerAddress
from clients.household.devices.homeassistant import (
    ControlRefused,
    Discovery,
    HomeControls,
    PanelPublisher,
    PanelState,
)
from emulator.broker import EmbeddedBroker
from tests.devices.live import until
from wire.mqtt import Topics

HOME = "f01load00001"
# What Home Assistant documents for these platforms (MQTT Sensor, Switch, button, Number); required keys first.
SHARED = {"name", "unique_id", "device", "origin", "availability_topic", "payload_available", "payload_not_available"}
SHARED |= {"qos", "entity_category", "icon", "enabled_by_default"}
REQUIRED = {
    "sensor": {"state_topic"},
    "switch": {"command_topic"},
    "button": {"command_topic"},
    "number": {"command_topic"},
}
OPTIONAL = {
    "sensor": {
        *("device_class", "unit_of_measurement", "state_class", "value_template", "expire_after", "force_update"),
        "suggested_display_precision",
    },
    "switch": {"state_topic", "value_template", "payload_on", "payload_off", "state_on", "state_off", "retain"},
    "button": {"payload_press", "device_class", "retain"},
    "number": {*("state_topic", "value_template", "unit_of_measurement", "min", "max", "step", "mode"), "device_class"},
}
DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version", "connections", "configuration_url"}
# Device class: units and state classes that Home Assistant takes with it.
CLASSES: dict[str | None, tuple[set[str] | None, set[str]]] = {
    "battery": ({"%"}, {"measurement"}),
    "power": ({"mW", "W", "kW", "MW"}, {"measurement"}),
    "monetary": ({"EUR"}, {"total"}),
    None: (None, {"measurement", "total", "total_increasing"}),
}


class Person:
    """Controls that remember what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, object]] = []
        self.paused = False
        self.reserve = 20
        self.notice = ""

    def panel(self, home: str) -> PanelState:
        return PanelState(505, 150_000, -350, None, self.paused, self.reserve, 10, self.notice, "too little " * 40)

    def pause_trading(self, home: str, paused: bool) -> None:
        self.asked.append((home, "pause", paused))
        self.paused = paused

    def charge_now(self, home: str) -> None:
        raise ControlRefused("there is no car and the battery is full: try again later")

    def set_reserve(self, home: str, percent: int) -> None:
        self.asked.append((home, "reserve", percent))
        self.reserve = percent

    def set_comfort(self, home: str, percent: int) -> None:
        self.asked.append((home, "comfort", percent))


class Assistant:
    """What Home Assistant would see: the newest message of each topic."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seen: dict[str, bytes] = {}
        self.retained: set[str] = set()

    async def listen(self) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            self.seen[str(message.topic)] = message.payload
            if message.retain:
                self.retained.add(str(message.topic))

    def configs(self) -> dict[str, dict[str, Any]]:
        """All discovery payloads by topic."""
        return {
            topic: json.loads(payload)
            for topic, payload in self.seen.items()
            if topic.startswith("homeassistant/") and topic.endswith("/config") and payload
        }


@asynccontextmanager
async def assistant(port: int) -> AsyncIterator[Assistant]:
    async with Client("127.0.0.1", port, identifier="homeassistant") as client:
        listener = Assistant(client)
        await client.subscribe([("homeassistant/#", 1), ("vdg/v1/+/panel/#", 1)])
        listening = asyncio.create_task(listener.listen())
        try:
            yield listener
        finally:
            listening.cancel()
            await asyncio.wait([listening])


@asynccontextmanager
async def published(port: int, controls: HomeControls) -> AsyncIterator[PanelPublisher]:
    publisher = PanelPublisher(BrokerAddress(url=f"mqtt://127.0.0.1:{port}"), [HOME], controls, "agent-1")
    running = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        running.cancel()
        await asyncio.wait([running])


def test_every_discovery_message_has_what_home_assistant_documents_and_nothing_else() -> None:
    discovery = Discovery(Topics(), "agent-1")
    ids = set()
    for message in discovery.messages(HOME):
        prefix, component, node, key, last = message.topic.split("/")
        assert (prefix, node, last) == ("homeassistant", "vdg_f01load00001", "config")
        config = json.loads(message.payload)
        assert REQUIRED[component] <= config.keys() <= SHARED | REQUIRED[component] | OPTIONAL[component]
        assert config["unique_id"] == f"{node}_{key}"
        ids.add(config["unique_id"])
        assert config["device"]["identifiers"] == [node]
        assert config["device"].keys() <= DEVICE
        assert config["origin"].keys() <= {"name", "sw_version", "support_url"}
        if component == "sensor":
            units, state_classes = CLASSES[config.get("device_class")]
            assert units is None or config["unit_of_measurement"] in units
            assert "state_class" not in config or config["state_class"] in state_classes
        if component == "number":
            assert config["min"] < config["max"]
            assert config["step"] >= 0.001
            assert config["mode"] in ("auto", "box", "slider")
    assert len(ids) == 10


def test_homes_never_share_an_id_and_ids_stay_within_what_a_node_id_may_hold() -> None:
    discovery = Discovery(Topics(), "agent-1")
    homes = ["a.b", "a_b", "a-b", "a_-b", "a__b", "a_.b"]
    nodes = [discovery.messages(home)[0].topic.split("/")[2] for home in homes]
    assert len(set(nodes)) == len(homes)
    assert all(node.replace("_", "").replace("-", "").isalnum() for node in nodes)


@pytest.mark.parametrize(("agent", "prefix"), [("a", ""), ("a", "home/#"), ("a/b", "homeassistant"), ("", "h")])
def test_an_impossible_agent_or_prefix_is_refused(agent: str, prefix: str) -> None:
    with pytest.raises(ValueError, match="give"):
        Discovery(Topics(), agent, prefix)


async def test_a_home_assistant_that_comes_later_finds_the_home_and_what_the_agent_does_reaches_it() -> None:
    person = Person()
    async with EmbeddedBroker() as broker, published(broker.port, person) as publisher:
        paths = publisher.discovery
        async with assistant(broker.port) as first:
            await until(lambda: first.seen.get(paths.online) == b"online" and paths.state(HOME) in first.seen)
        async with assistant(broker.port) as later:
            await until(lambda: len(later.configs()) == 10 and paths.state(HOME) in later.seen)
            assert later.configs().keys() | {paths.online, paths.state(HOME)} <= later.retained
            assert later.seen[paths.online] == b"online"
            state = json.loads(later.seen[paths.state(HOME)])
            assert state == {
                "state_of_charge": 50.5,
                "price": 0.15,
                "planned_flow": -350,
                "earnings": None,
                "pause_trading": "OFF",
                "reserve": 20,
                "comfort": 10,
            }
            for topic, config in later.configs().items():
                if "value_template" in config:
                    key = topic.split("/")[-2]
                    assert config["value_template"] == f"{{{{ value_json.{key} }}}}"
                    assert key in state

            switch = later.configs()["homeassistant/switch/vdg_f01load00001/pause_trading/config"]
            await later.client.publish(switch["command_topic"], "ON", qos=1)
            await until(lambda: json.loads(later.seen[switch["state_topic"]])["pause_trading"] == "ON")
            number = later.configs()["homeassistant/number/vdg_f01load00001/reserve/config"]
            await later.client.publish(number["command_topic"], "35.0", qos=1)
            await until(lambda: json.loads(later.seen[number["state_topic"]])["reserve"] == 35)
            button = later.configs()["homeassistant/button/vdg_f01load00001/charge_now/config"]
            await later.client.publish(button["command_topic"], "PRESS", qos=1)
            await until(lambda: later.seen[paths.words(HOME, "notice")].startswith(b"there is no car"))
            limits = later.configs()["homeassistant/sensor/vdg_f01load00001/limits/config"]["state_topic"]
            shown = later.seen[limits].decode()
            assert shown.startswith("too little too little")
            assert (len(shown), shown[-1]) == (255, "…")
            assert person.asked == [(HOME, "pause", True), (HOME, "reserve", 35)]

            later.seen.clear()
            await later.client.publish("homeassistant/status", "online", qos=1)
            await until(lambda: len(later.configs()) == 10 and paths.state(HOME) in later.seen)


async def test_a_broker_that_forgets_everything_is_told_again() -> None:
    broker = EmbeddedBroker()
    await broker.start()
    async with published(broker.port, Person()) as publisher:
        async with assistant(broker.port) as seer:
            await until(lambda: len(seer.configs()) == 10)
        await broker.stop()
        async with EmbeddedBroker(broker.port), assistant(broker.port) as seer:
            await until(lambda: len(seer.configs()) == 10 and publisher.discovery.state(HOME) in seer.seen)
            assert seer.seen[publisher.discovery.online] == b"online"


async def test_an_agent_that_dies_or_ends_makes_its_homes_unavailable_and_withdraws_them_when_told() -> None:
    async with EmbeddedBroker() as broker, assistant(broker.port) as seer:
        async with published(broker.port, Person()) as publisher:
            online = publisher.discovery.online
            await until(lambda: seer.seen.get(online) == b"online" and len(seer.configs()) == 10)
        await until(lambda: seer.seen[online] == b"offline")
        await publisher.withdraw()
        await until(lambda: seer.configs() == {})


async def test_an_agent_that_ends_in_the_middle_of_a_publication_ends() -> None:
    async with EmbeddedBroker() as broker, assistant(broker.port) as seer:
        for _ in range(10):
            publisher = PanelPublisher(
                BrokerAddress(url=f"mqtt://127.0.0.1:{broker.port}"), [HOME], Person(), "agent-1"
            )
            running = asyncio.create_task(publisher.run())
            await until(lambda made=publisher: made.discovery.state(HOME) in seer.seen)  # type: ignore[misc]  # a lambda
            running.cancel()
            ended, _ = await asyncio.wait([running], timeout=10)
            assert ended
            seer.seen.clear()


def panel() -> tuple[PanelPublisher, Person]:
    person = Person()
    return PanelPublisher(BrokerAddress(url="mqtt://127.0.0.1:1"), [HOME], person, "agent-1"), person


@pytest.mark.parametrize(
    ("key", "payload", "words"),
    [
        ("pause_trading", b"on", "pause_trading is 'on'; send ON or OFF"),
        ("pause_trading", b"", "send ON or OFF"),
        ("charge_now", b"GO", "charge_now is 'GO'; send PRESS"),
        ("reserve", b"nan", "reserve: value is 'nan'; give a whole number of 0 to 100"),
        ("reserve", b"inf", "give a whole number"),
        ("reserve", b"-5", "give a whole number"),
        ("reserve", b"1e2", "give a whole number"),
        ("reserve", b"20.5", "give a whole number"),
        ("reserve", b"105", "value is 105; give 0 to 100 in steps of 5"),
        ("comfort", b"33", "value is 33; give 0 to 100 in steps of 5"),
        ("comfort", b"\xff\xfe", "give a whole number"),
        ("comfort", b"9" * 100_000, "give a whole number"),
        ("self_destruct", b"PRESS", "control 'self_destruct' is unknown; there are pause_trading, charge_now"),
    ],
)
def test_a_command_that_makes_no_sense_changes_nothing_and_is_told_to_the_person(
    key: str, payload: bytes, words: str
) -> None:
    publisher, person = panel()
    publisher.command(publisher.discovery.command(HOME, key), payload, retained=False)
    assert person.asked == []
    assert publisher.refusals.total == 1
    assert words in (publisher.refusals.last or "")


def test_commands_that_a_broker_kept_or_that_are_for_other_homes_are_refused() -> None:
    publisher, person = panel()
    publisher.command(publisher.discovery.command(HOME, "pause_trading"), b"ON", retained=True)
    publisher.command(publisher.discovery.command("h2", "pause_trading"), b"ON", retained=False)
    publisher.command(f"vdg/v1/{HOME}/setpoint", b"{}", retained=False)
    assert person.asked == []
    assert publisher.refusals.counts == {"replayed": 1, "wrong_topic": 1}
