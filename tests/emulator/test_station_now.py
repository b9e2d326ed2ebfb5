"""The station's meter in the middle of slots, and the phase switches on its network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from aiomqtt import Client

from clients.common.grid.shipped import load
from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.link import Link
from emulator.scenario import NETWORKS, Scenario, homes_of
from emulator.service import Service
from emulator.station import Station
from emulator.switch import Switches
from wire.mqtt import SetPoint, Topics, decode
from wire.phase_switch import SwitchCommand, SwitchState
from wire.station import StationNow

TOPICS = Topics()
NOON = 72
SLOT_SECONDS = 3
CHAPTER_6 = homes_of(Scenario.CHAPTER_6, "06-15")


def station() -> Station:
    return Station(load(NETWORKS[Scenario.CHAPTER_6]))


def test_chapter_6_has_fifty_homes_of_its_network_with_pv_and_batteries_as_the_thesis_says() -> None:
    assert {home.id for home in CHAPTER_6} == {home.id for home in load("thesis-50").homes}
    assert sum(home.pv_wp > 0 for home in CHAPTER_6) == 40
    assert sum(home.battery is not None for home in CHAPTER_6) == 30
    assert sum(home.kind == "pv_battery" for home in CHAPTER_6) == 25
    assert sum(home.kind == "plain" for home in CHAPTER_6) == 5
    assert len({home.meter for home in CHAPTER_6}) == 50


def test_a_slot_in_its_middle_is_its_energy_so_far_and_its_power_now() -> None:
    meter = station()
    before, now = ({home.id: watts for home in CHAPTER_6} for watts in (600.0, -900.0))
    half = meter.measure_now(before, now, 0.5)
    for middle, whole in zip(half, meter.measure(before).pccs, strict=True):
        assert (middle.feeder, middle.phase) == (whole.feeder, whole.phase)
        assert middle.energy_wh == pytest.approx(whole.energy_wh / 2, abs=1)
        assert middle.power_w < 0


def test_a_switched_home_loads_its_new_phase_from_its_slot_on() -> None:
    meter = station()
    name, first = CHAPTER_6[0].id, load("thesis-50").homes[0].phase
    switches = Switches(meter, [name])
    assert first == "a"
    assert switches.order(name, SwitchCommand(slot=8, phase="c"), running=7) == ""
    assert switches.execute(7) == {}
    assert meter.phases[name] == "a"
    assert switches.execute(8) == {name: "c"}
    loaded = {pcc.phase for pcc in meter.measure({name: 3_000.0}).pccs if pcc.energy_wh > 100}
    assert loaded == {"c"}
    assert switches.execute(9) == {}


def test_orders_that_cannot_be_done_are_refused_and_a_stuck_switch_is_mute() -> None:
    meter = station()
    name, stuck, other = (home.id for home in CHAPTER_6[:3])
    switches = Switches(meter, [name, stuck], [stuck])
    assert "no switch" in switches.order(other, SwitchCommand(slot=8, phase="c"), running=7)
    assert "has ended" in switches.order(name, SwitchCommand(slot=6, phase="c"), running=7)
    assert switches.order(stuck, SwitchCommand(slot=8, phase="c"), running=7) == ""
    assert switches.execute(8) == {}
    assert meter.phases[stuck] == load("thesis-50").homes[1].phase
    with pytest.raises(ValueError, match="nowhere"):
        Switches(meter, ["nowhere"])


async def test_over_the_broker_the_station_shows_a_set_point_in_its_slot_and_a_switch_what_it_did() -> None:
    clock = Clock(int(time.time()) + 1 - NOON * SLOT_SECONDS, SLOT_SECONDS)
    home = next(home for home in CHAPTER_6 if home.battery)
    pcc = ("f01switch00001", load("thesis-50").homes[0].phase)
    seen: list[StationNow] = []
    states: list[SwitchState] = []
    async with EmbeddedBroker() as broker, Client("127.0.0.1", broker.port) as client:
        await client.subscribe([(TOPICS.station_now(), 0), (TOPICS.switch_state("+"), 1)])
        service = Service(clock, CHAPTER_6, "06-15", 0, TOPICS, first_slot=NOON, station=station(), switched=(home.id,))
        link = Link(BrokerUrl.parse(broker.url), TOPICS, service.receive)
        service.attach(link)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(service.run())]

        async def until(condition: Callable[[], bool]) -> None:
            while not condition():
                message = await anext(client.messages)
                assert isinstance(message.payload, bytes)
                if str(message.topic) == TOPICS.station_now():
                    seen.append(decode(StationNow, message.payload))
                elif str(message.topic) == TOPICS.switch_state(home.id):
                    states.append(decode(SwitchState, message.payload))

        def power_w() -> int:
            return next(now.power_w for now in seen[-1].pccs if (now.feeder, now.phase) == pcc)

        async with asyncio.timeout(60):
            await until(lambda: bool(seen and states))
            assert states[0].phase == pcc[1]
            before_w = power_w()
            point = SetPoint(sequence=1, slot=seen[-1].slot, mode="power", power_w=2_000)
            command = SwitchCommand(slot=seen[-1].slot + 1, phase="b")
            await client.publish(TOPICS.set_point(home.id), point.encode(), qos=1)
            await client.publish(TOPICS.switch_command(home.id), command.encode(), qos=1)
            # It gives instead of charging, and the others go on.
            await until(lambda: power_w() < before_w - 1_000)
            await until(lambda: len(states) > 1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert (states[1].phase, states[1].slot) == ("b", command.slot)
