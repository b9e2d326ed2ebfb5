"""The station's meter and what the grid does to homes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import replace

import pytest
from aiomqtt import Client

from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.shipped import load
from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.homes import neighbourhood
from emulator.household import Household
from emulator.link import Link
from emulator.service import TRIP_MV, Service
from emulator.slot_summary import SlotSummary
from emulator.station import CLASS_PERMILLE, NETWORK, Blackout, Station
from emulator.station_meter import StationMeter
from emulator.switch import Switches
from emulator.units import SLOT_MS
from wire.mqtt import Reading, Telemetry, Topics, decode
from wire.station import StationReading

TOPICS = Topics()
NOON, EVENING = 72, 120
HOMES = {home.id: home for home in load(NETWORK).homes}
FEEDERS = feeder_of_bus(load(NETWORK))


def off(shown: float, true: float) -> float:
    return abs(shown - true) / abs(true) * 1000


def test_each_pcc_shows_its_homes_and_the_losses_within_the_meters_class() -> None:
    power_w = {home: 500.0 + 40.0 * number for number, home in enumerate(HOMES)}
    measured = Station(load(NETWORK)).measure(power_w)
    assert len(measured.pccs) == 6
    for pcc in measured.pccs:
        there = [home for home, at in HOMES.items() if (FEEDERS[at.bus], at.phase) == (pcc.feeder, pcc.phase)]
        drawn_wh = sum(power_w[home] for home in there) / 6
        # Losses of a few per mille come on top.
        assert drawn_wh * (1 - CLASS_PERMILLE / 1000) - 1 < pcc.energy_wh < drawn_wh * 1.02
        assert pcc.current_ma == pytest.approx(6 * drawn_wh / 0.2367, rel=0.02)


def test_a_meter_is_always_off_by_the_same_share() -> None:
    station = Station(load(NETWORK))
    first, second = (station.measure(dict.fromkeys(HOMES, power)) for power in (1_000.0, 2_000.0))
    for one, two in zip(first.pccs, second.pccs, strict=True):
        assert off(two.energy_wh, 2 * one.energy_wh) < 5  # losses grow with the square, by a few per mille
    idle = station.measure({})
    assert set(idle.home_mv) == set(HOMES)
    true_mv = 1000 * load(NETWORK).nominal_v
    assert all(off(value, true_mv) < 2 * CLASS_PERMILLE + 10 for value in idle.home_mv.values())
    assert len(set(idle.home_mv.values())) > 20


def test_what_the_network_cannot_carry_is_named() -> None:
    station = Station(load(NETWORK))
    before = station.measure(dict.fromkeys(HOMES, 1_000.0))
    with pytest.raises(Blackout, match="more is asked of the network than it can carry") as caught:
        station.measure(dict.fromkeys(HOMES, 1_000_000.0))
    assert caught.value.in_slot(72).startswith("slot 72: the flows don't converge, worst at bus Node_")
    assert station.measure(dict.fromkeys(HOMES, 1_000.0)) == before


def test_the_meter_tells_slot_and_bus_of_what_has_no_solution(caplog: pytest.LogCaptureFixture) -> None:
    network = load(NETWORK)
    far = replace(network, lines=tuple(replace(line, length_m=3000 * line.length_m) for line in network.lines))
    station, homes = Station(far), neighbourhood(33)
    households = {home.id: Household(home, first_slot=EVENING) for home in homes}
    meter = StationMeter(station, Switches(station, []), households, Clock(0, 600), TOPICS, lambda: None)
    for household in households.values():
        household.advance((EVENING + 1) * SLOT_MS)
    assert meter.end_slot(EVENING) is None
    (record,) = caplog.records
    told = (
        "no solution of the grid, so nothing of it is measured: slot 120: the flows don't converge, worst at bus Node_"
    )
    assert record.getMessage().startswith(told)
    # Nothing has flowed since.
    assert meter.end_slot(EVENING + 1) is not None


def test_homes_that_stand_in_no_network_have_no_station() -> None:
    assert Station.of(neighbourhood(5)) is not None
    assert Station.of(neighbourhood(34)) is None


def test_a_tripped_inverter_gives_nothing_until_the_slot_ends_and_energy_still_balances() -> None:
    home = next(home for home in neighbourhood(33) if home.kind == "pv_battery")
    household = Household(home, first_slot=NOON)
    household.advance(NOON * SLOT_MS + 1_000)
    household.trip()
    powers = household.powers()
    assert (powers.curtailed_w, powers.battery_w, powers.grid_w) == (powers.pv_w, 0, powers.load_w)
    household.advance((NOON + 1) * SLOT_MS)
    assert household.powers().curtailed_w == 0
    used_mj = household.load_mj - (household.pv_mj - household.curtailed_mj)
    assert used_mj == household.battery_mj + household.grid_mj


async def test_over_the_broker_come_voltages_the_stations_readings_and_inverters_that_trip(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network = load(NETWORK)
    high = replace(network, source=replace(network.source, voltage_v=1.1 * network.source.voltage_v))
    clock = Clock(int(time.time()) + 2 - NOON, 1)
    homes = neighbourhood(33)
    heard: dict[str, list[bytes]] = defaultdict(list)
    async with EmbeddedBroker() as broker, Client("127.0.0.1", broker.port) as client:
        await client.subscribe("vdg/v1/#", qos=1)
        service = Service(clock, homes, "06-15", 0, TOPICS, slots=2, first_slot=NOON, station=Station(high))
        link = Link(BrokerUrl.parse(broker.url), TOPICS, service.receive)
        service.attach(link)
        summaries: list[SlotSummary] = []
        service.report = summaries.append
        linking = asyncio.create_task(link.run())
        await asyncio.wait_for(service.run(), 60)
        async with asyncio.timeout(60):
            while len(heard[TOPICS.station()]) < 2:
                message = await anext(client.messages)
                assert isinstance(message.payload, bytes)
                heard[str(message.topic)].append(message.payload)
        linking.cancel()
    station = [decode(StationReading, payload) for payload in heard[TOPICS.station()]]
    assert [(reading.slot, reading.sequence) for reading in station] == [(NOON, 0), (NOON + 1, 1)]
    assert all(mv > TRIP_MV for mv in station[0].busbar_mv)
    told = {record.getMessage().partition(":")[0] for record in caplog.records if "disconnects" in record.getMessage()}
    assert told == {home.id for home in homes if home.pv_wp or home.battery}
    with_pv = next(home for home in homes if home.pv_wp)
    baseline, first, _ = (decode(Reading, payload) for payload in heard[TOPICS.reading(with_pv.id)])
    assert baseline.voltage_mv is None
    assert first.voltage_mv is not None
    assert first.voltage_mv > TRIP_MV
    powers = [decode(Telemetry, payload) for payload in heard[TOPICS.telemetry(with_pv.id)]]
    assert [power.curtailed_w for power in powers if power.slot == NOON] == [0]
    (tripped,) = [power for power in powers if power.slot == NOON + 1]
    assert (tripped.curtailed_w, tripped.battery_w) == (tripped.pv_w, 0)
    assert tripped.pv_w > 0
    assert [summary.off for summary in summaries] == [
        [],
        [home.id for home in homes if home.pv_wp or home.battery is not None],
    ]
