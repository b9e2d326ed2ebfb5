"""A home whose inverter speaks SunSpec: real Modbus TCP, a real broker, and the equipment that an agent uses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from clients.common.broker import BrokerAddress
from clients.household.devices import Change, ChangeKind, DeviceLink, Moment, Roster, SlotFlow
from clients.household.devices.sunspec import SunSpecInverter
from clients.household.home import Home
from clients.household.measurements import Measurements
from clients.household.sunspec.equipment import SunSpecEquipment
from clients.household.sunspec.metered_load import MeteredLoad
from clients.household.terms import Terms
from emulator.broker import EmbeddedBroker
from tests.devices.live import until
from tests.devices.made import PLATE
from tests.household.made import expected, home, terms
from tests.household.sunspec_house import TOPICS, SunSpecHouse

SLOT_SECONDS = 2
HOME, METER = "h1", "VDG-h1"
LOAD_W, PV_W = 600, 3_000
LIMIT_W = 900
POLL_S = 0.1


class Place:
    """A house, and the agent's side of it."""

    def __init__(self, house: SunSpecHouse, agent: Home, grid: Terms) -> None:
        self.house = house
        self.agent = agent
        self.grid = grid
        inverter = SunSpecInverter(HOME, "inverter", "127.0.0.1", house.port, poll_s=POLL_S, timeout_s=0.5)
        self.equipment = SunSpecEquipment(agent, TOPICS, inverter, grid, METER)
        self.changes: list[Change] = []
        self.running: asyncio.Task[None] | None = None
        self.roster = Roster(self.equipment.devices, TOPICS)
        self.roster.on_change(self._changed)
        self.roster.on_heard(self._heard)

    def plan(self, slot: int) -> None:
        """Plan for a slot, as before it begins."""
        self.agent.make_plan(self.grid, slot - 1)
        self.equipment.steer(slot)

    async def begin(self, slot: int) -> None:
        """The slot begins."""
        await until(lambda: self.house.now >= slot)
        self.equipment.begin_slot(slot, self.grid)

    def told(self, kind: ChangeKind) -> bool:
        """Whether whoever plans was told so of the inverter."""
        return any(change.kind is kind for change in self.changes if change.device == "inverter")

    def _changed(self, change: Change) -> None:
        self.changes.append(change)
        self.equipment.look()

    def _heard(self, _: str) -> None:
        self.equipment.look()


@asynccontextmanager
async def living(load_w: int = LOAD_W, pv_w: int = PV_W, model: int = 103) -> AsyncIterator[Place]:
    epoch_s = int(time.time()) - 70 * SLOT_SECONDS
    house = SunSpecHouse(HOME, METER, epoch_s, SLOT_SECONDS, load_w, pv_w, model)
    grid = terms()
    grid = grid._replace(grid=grid.grid._replace(epoch_s=epoch_s, slot_seconds=SLOT_SECONDS))
    agent = home([expected(load_w // 6, pv_w // 6)])
    agent.measurements = Measurements(epoch_s, SLOT_SECONDS)
    async with EmbeddedBroker() as broker:
        await house.up()
        place = Place(house, agent, grid)
        link = DeviceLink(BrokerAddress(url=broker.url), place.roster)
        works = (house.meter(broker.port), link.run(), place.equipment.run(place._heard))
        tasks = [asyncio.create_task(work) for work in works]
        place.running = tasks[-1]
        try:
            await until(lambda: agent.measurements.running is not None)
            yield place
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await house.down()


async def test_sun_comes_from_the_inverter_and_load_from_the_meter() -> None:
    async with living() as place:
        measurements = place.agent.measurements
        assert place.agent.has_pv
        assert place.agent.battery is None
        slot = place.house.now
        await until(lambda: place.house.now > slot + 1)
        assert measurements.pv_wh[slot] == pytest.approx(PV_W / 6, abs=10)
        assert measurements.load_wh[slot] == pytest.approx(LOAD_W / 6, abs=20)
        assert measurements.age_slots(place.house.now) <= 1
        assert [kept[0] for kept in measurements.take_unkept()][-1] >= slot


async def test_a_silent_inverter_is_told_and_the_house_goes_on_without_its_sun_until_it_is_back() -> None:
    async with living() as place:
        port = place.house.port
        place.changes.clear()
        await place.house.down()
        await until(lambda: place.told(ChangeKind.UNAVAILABLE))
        slot = place.house.now
        assert not place.agent.has_pv
        await until(lambda: place.house.now > slot + 2)
        measurements = place.agent.measurements
        assert measurements.pv_wh[slot + 1] == 0
        assert measurements.load_wh[slot + 1] == pytest.approx(LOAD_W / 6, abs=20)
        where = f"127.0.0.1:{port}"
        words = f"{where} unit 1: nothing listens at {where}: check cable and address"
        assert place.equipment.sunspec.last_failure == words
        place.changes.clear()
        await place.house.up(port)
        await until(lambda: place.told(ChangeKind.AVAILABLE))
        assert place.agent.has_pv
        slot = place.house.now + 1
        await until(lambda: place.house.now > slot)
        assert measurements.pv_wh[slot] == pytest.approx(PV_W / 6, abs=50)


@pytest.mark.parametrize(
    ("model", "offset", "value"), [(103, 14, (0x8000,)), (113, 22, (0x7FC0, 0))], ids=["not implemented", "NaN"]
)
async def test_a_power_that_is_none_is_refused_and_the_house_goes_on(
    model: int, offset: int, value: tuple[int, ...]
) -> None:
    async with living(model=model) as place:
        roof, at = place.house.roof, place.house.models.at[model] + offset
        assert roof is not None

        def spoil(registers: list[int]) -> None:
            registers[at : at + len(value)] = value

        place.changes.clear()
        roof.spoil = spoil
        await until(lambda: place.told(ChangeKind.UNAVAILABLE))
        refused = f"model {model} has no power, a mandatory point: check the inverter's firmware"
        assert place.equipment.sunspec.refusals.last == refused
        assert not place.agent.has_pv
        slot = place.house.now
        await until(lambda: place.house.now > slot + 1)
        assert place.agent.measurements.age_slots(place.house.now) <= 1
        roof.spoil = lambda registers: None
        await until(lambda: place.told(ChangeKind.AVAILABLE))


def test_a_nameplate_that_contradicts_the_configuration_is_named(caplog: pytest.LogCaptureFixture) -> None:
    inverter = SunSpecInverter(HOME, "inverter", "127.0.0.1")
    equipment = SunSpecEquipment(home([expected(0, 0)]), TOPICS, inverter, terms(), METER)
    plate = PLATE.model_copy(update={"home": HOME, "meter": "other", "pv_wp": 0})
    roster = Roster(equipment.devices, TOPICS)
    roster.receive(TOPICS.nameplate(HOME), plate.encode(), True, Moment.now())
    equipment.look()
    equipment.look()
    said = "homes.h1.sunspec: its nameplate says"
    assert [record.getMessage() for record in caplog.records] == [
        f"{said} meter other: not VDG-h1, not followed; correct whichever is wrong",
        f"{said} battery_wh 6000: a battery behind SunSpec isn't steered; leave sunspec out to steer it over MQTT",
        f"{said} pv_wp 0: an inverter without sun; give what the modules are rated for",
    ]


async def test_sun_that_a_plan_leaves_unused_is_held_back_by_the_inverter_and_then_released() -> None:
    async with living() as place:
        place.agent.grid_limit_w = LIMIT_W
        first = place.house.now + 1
        for slot in (first, first + 1, first + 2):
            place.plan(slot)
            assert place.agent.plan[slot].export_limit_w == LIMIT_W
            await place.begin(slot)
            await until(lambda: place.house.limit_w < PV_W)
            # Whole percents of 5 kW, and the load as the meter counted it to the last Wh.
            assert LIMIT_W + LOAD_W - 200 <= place.house.limit_w <= LIMIT_W + LOAD_W + 100
        assert place.house.net_wh[first + 1] == pytest.approx(-LIMIT_W / 6, abs=40)
        # A sun that is held back is forecast as strong as it was.
        await until(lambda: place.house.now > first + 2)
        assert place.agent.measurements.pv_wh[first + 2] == pytest.approx(PV_W / 6, abs=20)
        place.agent.grid_limit_w = 17_250
        slot = place.house.now + 1
        place.plan(slot)
        await place.begin(slot)
        await until(lambda: place.house.limit_w >= PV_W)
        assert not [change for change in place.changes if change.kind is ChangeKind.UNAVAILABLE]


async def test_an_agent_that_dies_leaves_no_limit() -> None:
    async with living() as place:
        place.agent.grid_limit_w = LIMIT_W
        slot = place.house.now + 1
        place.plan(slot)
        await place.begin(slot)
        await until(lambda: place.house.limit_w < PV_W)
        assert place.running is not None
        place.running.cancel()
        await until(lambda: place.house.limit_w >= PV_W)
        assert place.house.now >= slot + 1


def test_a_slot_that_was_not_seen_whole_tells_no_load() -> None:
    load = MeteredLoad(0, 10)
    load.sun(5.0, 600)
    assert load.of(SlotFlow(0, 0, 10)) == {}
    load.sun(20.0, 600)
    assert load.of(SlotFlow(1, 1, 10)) == {1: 110.0}


def test_a_meter_whose_clock_is_a_little_ahead_and_a_clock_that_is_set_a_little_back_lose_nothing() -> None:
    load = MeteredLoad(0, 10)
    load.sun(0.0, 600)
    load.sun(19.0, 600)
    assert load.of(SlotFlow(1, 1, 10)) == pytest.approx({1: 110.0})
    load.sun(18.9, 600)
    load.sun(30.0, 600)
    assert load.of(SlotFlow(1, 2, 20)) == pytest.approx({1: 110.0, 2: 110.0})
    load.sun(5.0, 600)
    assert load.of(SlotFlow(2, 2, 10)) == pytest.approx({2: 110.0})
    assert load.of(SlotFlow(0, 0, 10)) == {}


def test_slots_that_the_meter_tells_of_together_have_their_mean() -> None:
    load = MeteredLoad(0, 10)
    load.sun(0.0, 600)
    load.sun(20.0, 0)
    assert load.of(SlotFlow(1, 2, 60)) == {1: 80.0, 2: 80.0}


def test_what_the_inverter_does_not_tell_is_no_negative_load() -> None:
    load = MeteredLoad(0, 10)
    load.sun(0.0, 0)
    assert load.of(SlotFlow(1, 1, -500)) == {1: 0.0}
