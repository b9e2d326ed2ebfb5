"""A car that an agent charges, over a real broker: the emulated home's meter counts it, and ends where it should."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from clients.common.broker import BrokerAddress
from clients.household.devices import DeviceLink, Roster
from clients.household.equipment import Equipment
from clients.household.flexible.loads import FlexibleLoads, loads_of
from clients.household.flexible.section import DeviceSection
from clients.household.measurements import Measurements
from clients.household.planner.planner import Planner
from clients.household.terms import Terms
from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.flexible import flexible_devices
from emulator.homes import DEFAULT_DAY, neighbourhood
from emulator.link import Link
from emulator.service import Service
from tests.household.made import expected, home, terms
from wire.mqtt import Topics

TOPICS = Topics()
SLOT_SECONDS = 3
# The car comes in slot 51.
FIRST_SLOT = 52
ASKED_WH = 480


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, or fail."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_car_is_charged_as_planned_and_the_slot_s_metered_flow_is_what_is_asked() -> None:
    buildings = [one for one in neighbourhood(33) if one.kind == "plain"][:4]
    building = buildings[3]
    clock = Clock(int(time.time()) + 2 - FIRST_SLOT * SLOT_SECONDS, SLOT_SECONDS)
    # Nobody is there when a day begins in its middle: so it begins before the car comes.
    car = {building.id: flexible_devices(buildings, 4, clock, 2)[building.id]}
    service = Service(clock, [building], DEFAULT_DAY, 0, TOPICS, first_slot=FIRST_SLOT, devices=car)
    agent = home([expected(100, 0)])
    agent.id = building.id
    agent.measurements = Measurements(clock.epoch_s, SLOT_SECONDS)
    section = DeviceSection.model_validate({"id": "car", "kind": "car_charger"})
    agent.flexible = FlexibleLoads(building.id, loads_of(building.id, [section], TOPICS), Planner(), 17_250)
    equipment = Equipment(agent, TOPICS)
    roster = Roster(equipment.devices, TOPICS)

    def grid(slot: int) -> Terms:
        made = terms(slot)
        return made._replace(grid=made.grid._replace(epoch_s=clock.epoch_s, slot_seconds=SLOT_SECONDS))

    def now() -> int:
        return clock.emulated_ms(time.time_ns()) // 600_000

    def heard(_: str) -> None:
        equipment.look()
        equipment.follow(now(), grid(now()))

    roster.on_heard(heard)
    async with EmbeddedBroker() as broker:
        url = BrokerUrl.parse(broker.url)
        link = Link(url, TOPICS, service.receive)
        service.attach(link)
        works = [link.run(), service.run(), DeviceLink(BrokerAddress(url=broker.url), roster).run()]
        tasks = [asyncio.create_task(work) for work in (*works, *(each.run() for each in service.device_links(url)))]
        try:
            household = service.households[building.id]
            await until(lambda: agent.flexible is not None and agent.flexible.car_is_there)
            for _ in range(8):
                slot = now() + 1
                agent.make_plan(grid(slot - 1), slot - 1)
                equipment.ask(slot, ASKED_WH)
                await until(lambda slot=slot: now() >= slot)  # type: ignore[misc]  # mypy can't infer the lambda
                equipment.begin_slot(slot, grid(slot))
                await until(lambda slot=slot: household.slot == slot)  # type: ignore[misc]  # the same
                before_wh = household.slot_start.net_wh
                await until(lambda slot=slot: household.slot > slot)  # type: ignore[misc]  # the same
                metered_wh = household.slot_start.net_wh - before_wh
                if household.slot == slot + 1 and abs(metered_wh - ASKED_WH) <= 8:
                    break
            else:
                raise AssertionError(f"no slot ended at {ASKED_WH} Wh; the last one at {metered_wh}")
            assert household.devices["car"].energy_mj > 0
            assert agent.measurements.load_wh[slot] < 200, "what the car takes is not the house's load"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
