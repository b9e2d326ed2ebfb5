"""A running slot ends where it is meant to: the agent's steering with an emulated home over a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from clients.common.broker import BrokerAddress
from clients.household.devices import Change, DeviceLink, Roster
from clients.household.equipment import Equipment
from clients.household.home import Home
from clients.household.measurements import Measurements
from clients.household.steering import Steering
from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.homes import DEFAULT_DAY, neighbourhood
from emulator.link import Link as EmulatorLink
from emulator.service import Service
from tests.household.made import BATTERY, expected, home, telemetry
from wire.mqtt import SetPoint, Topics

TOPICS = Topics()
NOON = 72
SLOT_SECONDS = 2
SECONDS = 40.0


class Emulated:
    """One emulated home, and the agent that steers it."""

    def __init__(self, agent: Home, clock: Clock, service: Service, broker: EmbeddedBroker, url: str) -> None:
        self.agent = agent
        self.clock = clock
        self.household = service.households[agent.id]
        self.broker = broker
        self.url = url
        self.equipment = Equipment(agent, TOPICS)
        roster = Roster(self.equipment.devices, TOPICS)
        roster.on_heard(self._heard)
        roster.on_change(self._changed)
        self.link = DeviceLink(BrokerAddress(url=url), roster)

    @property
    def now(self) -> int:
        """The running slot."""
        return self.clock.emulated_ms(time.time_ns()) // 600_000

    def _changed(self, _: Change) -> None:
        self.equipment.look()

    def _heard(self, _: str) -> None:
        if self.equipment.look():
            self.equipment.measured(self.now)

    async def metered_wh(self, slot: int) -> int:
        """The net flow of a slot, once it is over."""
        await until(lambda: self.household.slot == slot)
        before = self.household.slot_start.net_wh
        await until(lambda: self.household.slot > slot)
        assert self.household.slot == slot + 1, "the machine slept through a slot"
        return self.household.slot_start.net_wh - before


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, or fail."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def emulated() -> AsyncIterator[Emulated]:
    """A home with PV and battery at noon, slots of two seconds, and its agent."""
    building = next(one for one in neighbourhood(33) if one.kind == "pv_battery")
    clock = Clock(int(time.time()) + 1 - NOON * SLOT_SECONDS, SLOT_SECONDS)
    service = Service(clock, [building], DEFAULT_DAY, 0, TOPICS, first_slot=NOON)
    agent = home([expected(0, 0)])
    agent.id = building.id
    agent.measurements = Measurements(clock.epoch_s, clock.slot_seconds)
    broker = EmbeddedBroker()
    await broker.start()
    place = Emulated(agent, clock, service, broker, broker.url)
    link = EmulatorLink(BrokerUrl.parse(place.url), TOPICS, service.receive)
    service.attach(link)
    tasks = [asyncio.create_task(work) for work in (link.run(), service.run(), place.link.run())]
    try:
        await until(lambda: agent.battery is not None and agent.measurements.running is not None)
        yield place
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await place.broker.stop()


async def test_what_real_time_control_asks_for_is_what_the_meter_counts() -> None:
    async with emulated() as place:
        slot = place.now + 1
        place.equipment.ask(slot, -337)
        assert await place.metered_wh(slot) == -337


@pytest.mark.parametrize("honest", [True, False])
async def test_an_inverter_that_accepts_flows_and_does_as_it_likes_is_planned_with_no_more(
    honest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with emulated() as place:
        if not honest:
            monkeypatch.setattr(place.household.set_points, "of", lambda _: None)
        for _ in range(6):
            slot = place.now + 1
            place.equipment.ask(slot, -337)
            await until(lambda slot=slot: place.household.slot >= slot)  # type: ignore[misc]  # mypy can't infer the lambda
        assert (place.agent.battery is not None) == honest, place.equipment.battery.unavailable_because
        assert honest or "undoes set points" in (place.equipment.battery.unavailable_because or "")


async def test_a_battery_that_was_led_astray_is_set_right_within_its_slot() -> None:
    async with emulated() as place, aiomqtt.Client("127.0.0.1", BrokerUrl.parse(place.url).port) as stranger:
        slot = place.now + 1
        place.equipment.ask(slot, -320)
        await until(lambda: place.household.set_points.of(slot) is not None)
        astray = SetPoint(sequence=time.time_ns() // 1_000_000, slot=slot, mode="power", power_w=2_000)
        await stranger.publish(TOPICS.set_point(place.agent.id), astray.encode(), qos=1)
        await until(lambda: (place.household.set_points.of(slot) or astray).mode == "power")
        assert await place.metered_wh(slot) == -320
        battery = place.household.battery
        assert battery is not None
        assert battery.rating.min_wh <= battery.energy_mj / 3_600_000 <= battery.rating.max_wh


async def test_without_broker_the_house_consumes_its_own_and_then_goes_on_without_set_points_of_the_past() -> None:
    async with emulated() as place:
        await place.broker.stop()
        missed = place.now + 1
        place.equipment.ask(missed, -800)
        await until(lambda: place.household.slot > missed)
        assert place.household.set_points.of(missed) is None
        assert place.household.set_points.last_sequence == -1
        place.broker = EmbeddedBroker(BrokerUrl.parse(place.url).port)
        place.equipment.forget_before(place.now)
        await place.broker.start()
        await until(lambda: place.link.connected.is_set() and place.equipment.battery.available)
        slot = place.now + 2
        place.equipment.ask(slot, -800)
        assert await place.metered_wh(slot) == -800
        assert set(place.household.set_points.by_slot) <= {slot}


def steered_home(*, energy_wh: int, load_w: int = 600, pv_w: int = 0, battery_w: int = 0) -> Home:
    """A home in the middle of slot 20."""
    agent = home([expected(100, 0)], now=19, battery=BATTERY, energy_wh=energy_wh)
    told = telemetry(20, load_w, pv_w, energy_wh, 0.5)
    agent.measurements.take_telemetry(
        told.model_copy(update={"battery_w": battery_w, "grid_w": load_w - pv_w - battery_w})
    )
    return agent


def test_a_flow_that_the_battery_can_still_bring_about_is_set_again() -> None:
    follow = Steering(20, "follow", grid_wh=50)
    assert steered_home(energy_wh=3_000).correction(follow, 20) == follow


def test_nothing_is_set_where_the_battery_can_do_no_more() -> None:
    follow = Steering(20, "follow", grid_wh=50)
    assert steered_home(energy_wh=BATTERY.min_wh).correction(follow, 20) is None
    assert steered_home(energy_wh=3_000, load_w=9_000, battery_w=3_000).correction(follow, 20) is None


def test_nothing_is_set_for_another_slot_or_without_telemetry() -> None:
    follow = Steering(20, "follow", grid_wh=50)
    assert steered_home(energy_wh=3_000).correction(follow._replace(slot=21), 21) is None
    assert steered_home(energy_wh=3_000).correction(None, 20) is None


def test_energy_that_is_held_back_need_not_be_where_the_sun_comes_out() -> None:
    hold = Steering(20, "power", power_w=0)
    assert steered_home(energy_wh=3_000, pv_w=2_000).correction(hold, 20) == Steering(20, "self")
    assert steered_home(energy_wh=3_000).correction(hold, 20) is None
