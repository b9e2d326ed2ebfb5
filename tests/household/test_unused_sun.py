"""Sun that the house's connection has no room for: left unused by the plan, not sold, and held back by the inverter."""

from __future__ import annotations

import asyncio
import time

import pytest

from clients.common.broker import BrokerAddress
from clients.household.devices import DeviceLink, Roster
from clients.household.diary import plan_json
from clients.household.equipment import Equipment
from clients.household.measurements import Measurements
from clients.household.plan import PlannedSlot, Rule
from clients.household.planned import Planned, PlanningSettings
from clients.household.planner.planner import Planner
from clients.household.strategy import Plain, Strategy
from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.homes import DEFAULT_DAY, neighbourhood
from emulator.link import Link as EmulatorLink
from emulator.service import Service
from tests.devices.live import until
from tests.household.made import BATTERY, expected, home, terms
from wire.mqtt import Topics

TOPICS = Topics()
NOON = 72
SLOT_SECONDS = 3
LIMIT_W = 600


def planned() -> Strategy:
    return Planned("h1", Planner(), PlanningSettings(grid_limit_w=LIMIT_W), otherwise=Plain(Rule()))


@pytest.mark.parametrize("strategy", [None, Plain(Rule()), planned()], ids=["no battery", "plain", "planned"])
def test_a_plan_lets_out_what_the_connection_lets_out_and_no_more(strategy: Strategy | None) -> None:
    battery = None if strategy is None else BATTERY
    agent = home([expected(50, 450)], now=NOON, battery=battery, energy_wh=4_800, strategy=strategy)
    agent.grid_limit_w = LIMIT_W
    agent.make_plan(terms(NOON), NOON)
    entry = agent.plan[NOON + 1]
    assert (entry.flow_wh, entry.unused_pv_wh, entry.export_limit_w) == (-100, 300, LIMIT_W)
    assert -100 <= entry.wanted_wh <= 0
    assert '"unused_pv_wh":[300,' in plan_json(agent, terms(NOON), NOON)


def test_a_contract_counts_against_the_connection() -> None:
    entry = PlannedSlot(5, flow_wh=-400, wanted_wh=-320, hold=False, follow_wh=-400)
    assert entry.within(100, contracted_wh=-80, pv_wh=450) == PlannedSlot(5, -100, -20, False, -100, None, 300)
    assert entry.within(100, contracted_wh=-180, pv_wh=450).wanted_wh == 0


def test_no_more_sun_is_left_than_there_is_and_none_where_it_fits() -> None:
    entry = PlannedSlot(5, flow_wh=-400, wanted_wh=0, hold=False)
    assert entry.within(100, contracted_wh=0, pv_wh=200).unused_pv_wh == 200
    assert entry.within(400, contracted_wh=0, pv_wh=450) is entry
    assert entry.export_limit_w is None


@pytest.mark.parametrize("kind", ["pv_battery", "plain"])
async def test_the_inverter_holds_back_what_a_plan_leaves_unused_and_is_released_when_none_does(kind: str) -> None:
    # A battery that is full at once.
    building = next(one for one in neighbourhood(33, battery_wh=60) if one.kind == kind)
    if kind == "plain":
        # The neighbourhood has no home with PV alone; this one borrows a roof.
        roof = next(one for one in neighbourhood(33) if one.pv_wp)
        building = type(building)(**(vars(building) | {"pv_w": roof.pv_w, "pv_wp": roof.pv_wp}))
    clock = Clock(int(time.time()) + 1 - NOON * SLOT_SECONDS, SLOT_SECONDS)
    service = Service(clock, [building], DEFAULT_DAY, 0, TOPICS, first_slot=NOON)
    agent = home([expected(building.load_at(NOON) // 6, building.pv_at(NOON) // 6)])
    agent.id = building.id
    agent.measurements = Measurements(clock.epoch_s, clock.slot_seconds)
    agent.grid_limit_w = LIMIT_W
    equipment = Equipment(agent, TOPICS)
    roster = Roster(equipment.devices, TOPICS)
    roster.on_heard(lambda _: heard())
    roster.on_change(lambda _: heard())

    def now() -> int:
        return clock.emulated_ms(time.time_ns()) // 600_000

    def heard() -> None:
        if equipment.look():
            equipment.measured(now())

    def plan(slot: int) -> None:
        grid = terms(slot)
        agent.make_plan(grid._replace(grid=grid.grid._replace(epoch_s=clock.epoch_s)), slot)
        equipment.steer(slot + 1)

    async with EmbeddedBroker() as broker:
        link = EmulatorLink(BrokerUrl.parse(broker.url), TOPICS, service.receive)
        service.attach(link)
        works = (link.run(), service.run(), DeviceLink(BrokerAddress(url=broker.url), roster).run())
        tasks = [asyncio.create_task(work) for work in works]
        household = service.households[building.id]
        try:
            await until(lambda: agent.measurements.running is not None)
            slot = now() + 1
            plan(slot - 1)
            assert agent.plan[slot].export_limit_w == LIMIT_W
            assert (agent.battery is not None) == (kind == "pv_battery")
            await until(lambda: household.set_points.of(slot) is not None)
            await until(lambda: household.slot == slot)
            before_wh = household.slot_start.net_wh
            assert household.powers().curtailed_w > 0
            assert household.powers().grid_w >= -LIMIT_W
            await until(lambda: household.slot > slot)
            assert household.slot_start.net_wh - before_wh >= -LIMIT_W // 6
            slot = now() + 1
            plan(slot - 1)
            await until(lambda: household.set_points.of(slot) is not None)
            agent.grid_limit_w = 17_250
            plan(slot - 1)
            await until(lambda: (sent := household.set_points.of(slot)) is not None and sent.export_limit_w is None)
            await until(lambda: household.slot == slot)
            assert household.powers().curtailed_w == 0
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
