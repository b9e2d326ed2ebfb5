"""Cars, heat stores and appliances in a home's plan, the commands that follow it, and following within a slot."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from clients.household.devices import Moment, Roster
from clients.household.flexible.car_load import CarLoad
from clients.household.flexible.heat_load import HeatLoad
from clients.household.flexible.load import Horizon
from clients.household.flexible.loads import Around, FlexibleLoads, loads_of
from clients.household.flexible.section import ApplianceSection, DeviceSection
from clients.household.measurements import Measurements, Running
from clients.household.person.wishes import Wishes
from clients.household.planner.planner import Planner
from tests.household.made import EPOCH_S, EVENING, SLOT_SECONDS, expected, home, telemetry, terms
from wire.device import (
    CarChargerRating,
    CarChargerState,
    DeviceCommand,
    DeviceTopics,
    HeatRating,
    HeatState,
    PlugRating,
    PlugState,
)
from wire.mqtt import Message, Topics, decode

TOPICS = Topics()
CAR = CarChargerRating(device="car", kind="car_charger", min_w=1_400, max_w=7_000, interval_s=600)
HEAT = HeatRating(
    device="heat",
    kind="heat_pump",
    min_w=600,
    max_w=2_400,
    interval_s=600,
    cop_permille=3_000,
    comfort_min_wh=3_000,
    comfort_max_wh=10_000,
    store_max_wh=12_000,
)
PLUG = PlugRating(device="washer", kind="plug", min_w=0, max_w=2_300, interval_s=600)
WASH: dict[str, Any] = {"ready": "08:00", "done_by": "18:00", "profile_w": [1_800, 600]}
CAR_HERE: dict[str, Any] = {"connected": True, "car_wh": 20_000, "car_capacity_wh": 50_000, "needed_wh": 7_000}


class House:
    """Loads whose devices this test speaks for."""

    def __init__(self, *sections: DeviceSection) -> None:
        self.loads = FlexibleLoads("h1", loads_of("h1", sections, TOPICS), Planner(), 17_250)
        self.roster = Roster(self.loads.devices, TOPICS)
        self.sequence = 0
        self.slot = 0

    @property
    def now(self) -> Moment:
        time_s = EPOCH_S + self.slot * SLOT_SECONDS + 1.0
        return Moment(time_s, time_s)

    def rate(self, rating: Message, name: str) -> None:
        self.roster.receive(DeviceTopics(TOPICS, "h1", name).rating, rating.encode(), True, self.now)

    def tell(self, kind: type[Message], name: str, power_w: int = 0, **fields: Any) -> None:
        self.sequence += 1
        content = {"device": name, "sequence": self.sequence, "time_ms": int(self.now.unix_s * 1000)}
        state = kind.model_validate(content | {"power_w": power_w, "energy_wh": 0} | fields)
        self.roster.receive(DeviceTopics(TOPICS, "h1", name).state, state.encode(), False, self.now)

    def plan(self, load_wh: int = 100, wishes: Wishes | None = None, slots: int = 145) -> list[int]:
        """The load in each slot from the running one on."""
        forecast = [expected(load_wh, 0)] * slots
        around = Around(self.slot, forecast, lambda _: 0, terms(self.slot), None, wishes or Wishes())
        return [each.load_wh for each in self.loads.plan(around)]

    def commands(self, slot: int) -> dict[str, DeviceCommand]:
        """What is sent when a slot begins."""
        self.slot = slot
        self.loads.command(slot, terms(slot), self.now)
        sent = [decode(DeviceCommand, each.payload) for each in self.roster.outgoing]
        self.roster.outgoing.clear()
        return {command.device: command for command in sent}


def with_car(**fields: Any) -> House:
    house = House(DeviceSection(id="car", kind="car_charger", most_w=3_600))  # type: ignore[arg-type]  # as YAML has it
    house.slot = 90
    house.rate(CAR, "car")
    house.tell(CarChargerState, "car", **(CAR_HERE | fields))
    return house


def departing(slot: int) -> dict[str, int]:
    return {"departure_s": EPOCH_S + slot * SLOT_SECONDS}


# Planning


def test_a_car_gets_what_it_needs_by_its_departure_where_that_is_cheapest() -> None:
    house = with_car(**departing(150))
    loads = house.plan()
    charged = {90 + index: load - 100 for index, load in enumerate(loads) if load > 100}
    assert sum(charged.values()) == pytest.approx(7_000, abs=30)
    assert max(charged.values()) == 600
    assert set(charged) <= {*range(91, EVENING), *range(144, 150)}, "nothing in the dear evening"


def test_a_car_that_leaves_soon_is_charged_in_the_dear_evening_too() -> None:
    house = with_car(**departing(106))
    charged = [load - 100 for load in house.plan()]
    assert sum(charged) == pytest.approx(7_000, abs=30)
    assert not any(charged[16:])


def test_the_last_of_what_a_car_needs_is_charged_though_it_is_less_than_its_least_power_gives() -> None:
    house = with_car(needed_wh=60, **departing(93))
    house.plan()
    assert [house.loads.loads[0].target_w(slot) for slot in (91, 92)] == [0, 1_400]


def test_a_car_that_can_not_get_enough_gets_all_there_is_and_the_person_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = with_car(**departing(96))
    assert [load - 100 for load in house.plan()[1:6]] == [600] * 5
    binds, told = house.loads.relaxed
    assert binds.startswith("without needed_wh")
    assert told.startswith("car gets 4000 Wh less than it needs")
    house.plan()
    assert [record.message for record in caplog.records] == [f"h1: {binds}; {told}"]
    house.loads._planner = Planner(time_limit_seconds=0.0)
    assert house.plan()[1:6] == [700] * 5, "the schedule of before"
    assert "the devices keep to the schedules of before" in house.loads.relaxed[0]
    house.tell(CarChargerState, "car", **(CAR_HERE | {"needed_wh": 0}))
    house.plan()
    assert house.loads.relaxed == ()


def test_a_car_that_is_silent_or_away_is_not_planned_with() -> None:
    house = with_car(**departing(150))
    house.slot = 95
    house.roster.tick(house.now)
    assert not house.loads.devices[0].available
    assert max(house.plan()) == 100
    assert house.commands(96) == {}
    away = with_car(connected=False, car_wh=0, car_capacity_wh=0, needed_wh=0)
    assert max(away.plan()) == 100


def test_charge_now_charges_the_car_with_the_most_that_the_person_lets_it_take() -> None:
    house = with_car(**departing(150))
    wishes = Wishes(charge_until_s=EPOCH_S + 94 * SLOT_SECONDS)
    assert [load - 100 for load in house.plan(wishes=wishes)[:5]] == [600] * 4 + [house.loads.scheduled_wh(94)]
    assert house.commands(90)["car"].power_w == 3_600


def test_a_heat_store_is_kept_in_the_person_s_part_of_its_band_and_heated_before_the_dear_hours() -> None:
    house = House(DeviceSection(id="heat", kind="heat_pump"))  # type: ignore[arg-type]  # as YAML has it
    house.slot = 60
    house.rate(HEAT, "heat")
    house.tell(HeatState, "heat", store_wh=5_000)
    (load,) = house.loads.loads
    assert isinstance(load, HeatLoad)
    load.drawn_wh = dict.fromkeys(range(-100, 61), 150.0)
    taken = [each - 100 for each in house.plan(wishes=Wishes(least_percent=20, most_percent=80))]
    store, lowest, highest = 5_000.0 - 75, 5_000.0, 5_000.0
    for taken_wh in taken[1:]:
        store += 3 * taken_wh - 150
        lowest, highest = min(lowest, store), max(highest, store)
    assert lowest >= 4_400 - 150
    assert highest <= 8_600 + 150
    before, evening = sum(taken[20:42]), sum(taken[42:84])
    assert before > evening
    assert {each for each in taken if 0 < each < 100} == set(), "the heat pump has a least power"


def test_what_a_house_draws_from_its_store_is_learned() -> None:
    house = House(DeviceSection(id="heat", kind="heat_pump"))  # type: ignore[arg-type]  # as YAML has it
    house.rate(HEAT, "heat")
    (load,) = house.loads.loads
    assert isinstance(load, HeatLoad)
    for slot, (energy_wh, store_wh) in enumerate([(0, 6_000), (0, 5_800), (100, 5_900), (100, 5_600)]):
        house.slot = slot
        house.tell(HeatState, "heat", energy_wh=energy_wh, store_wh=store_wh)
        load.observe(slot)
    assert load.drawn_wh == {0: 200.0, 1: 200.0, 2: 300.0}
    assert load.expected_wh(144, 143) == 200.0


def test_an_appliance_waits_for_its_slot_runs_in_one_piece_and_then_has_its_plug_on() -> None:
    house = House(DeviceSection(id="washer", kind="plug", appliance=ApplianceSection(**WASH)))  # type: ignore[arg-type]
    house.slot = 40
    house.rate(PLUG, "washer")
    house.tell(PlugState, "washer", on=True)
    loads = house.plan()
    run = [40 + index for index, load in enumerate(loads) if load > 100]
    assert len(run) == 2
    assert run[1] == run[0] + 1
    assert 48 <= run[0] < EVENING
    assert [loads[slot - 40] - 100 for slot in run] == [300, 100]
    assert house.commands(46) == {}
    assert house.loads.loads[0].target_w(47) == (0 if run[0] > 47 else None)
    assert [house.loads.loads[0].target_w(slot) for slot in (*run, run[1] + 1)] == [2_300, 2_300, None]
    house.slot = run[0]
    house.tell(PlugState, "washer", on=True)
    assert house.plan()[1] == 200, "what has begun goes on"
    house.slot = 130
    house.tell(PlugState, "washer", on=True)
    assert max(house.plan(wishes=Wishes(away=True))) == 100


# Commands and following


def test_a_command_holds_for_its_slot_and_the_next_one_and_is_not_repeated_while_it_does() -> None:
    house = with_car(**departing(150))
    house.plan()
    command = house.commands(91)["car"]
    assert (command.power_w, command.until_s) == (3_600, EPOCH_S + 93 * SLOT_SECONDS)
    house.tell(CarChargerState, "car", power_w=3_600, set_w=3_600, **CAR_HERE, **departing(150))
    assert house.commands(91) == {}
    assert house.commands(92)["car"].power_w == 3_600


@pytest.mark.parametrize(
    ("flow_wh", "target_wh", "set_w"),
    [(600, 500, 3_000), (500, 700, 3_600), (600, 0, 0), (600, 598, None), (600, 610, None)],
)
def test_a_car_brings_the_running_slot_to_its_commitment(flow_wh: int, target_wh: int, set_w: int | None) -> None:
    house = with_car(power_w=3_600, set_w=3_600, **departing(150))
    house.loads.loads[0].schedule[90] = 600
    house.plan()
    house.loads.follow(Running(90, 1.0, flow_wh, 0, 0), target_wh, terms(90), house.now)
    sent = [decode(DeviceCommand, each.payload).power_w for each in house.roster.outgoing]
    assert sent == ([] if set_w in (None, 3_600) else [set_w])


def test_a_car_that_must_be_full_soon_is_not_kept_waiting_for_a_commitment() -> None:
    house = with_car(power_w=3_600, set_w=3_600, **departing(102))
    house.plan()
    (load,) = house.loads.loads
    assert isinstance(load, CarLoad)
    house.loads.follow(Running(90, 1.0, 600, 0, 0), 0, terms(90), house.now)
    (outgoing,) = house.roster.outgoing
    # 11 slots of 600 Wh are left for 7,000 Wh.
    assert decode(DeviceCommand, outgoing.payload).power_w == 2_400


def test_following_never_leads_away_from_the_commitment() -> None:
    house = House(DeviceSection(id="heat", kind="heat_pump"))  # type: ignore[arg-type]  # as YAML has it
    house.slot = 60
    house.rate(HEAT, "heat")
    house.tell(HeatState, "heat", power_w=2_400, set_w=2_400, store_wh=9_900)
    house.loads.loads[0].schedule[60] = 400
    house.loads.follow(Running(60, 1.0, 500, 0, 0), 520, terms(60), house.now)
    house.loads.follow(Running(60, 1.0, 500, 0, 0), 600, terms(60), house.now)
    assert not house.roster.outgoing, "it is planned to take 400 Wh, though there is little room in the store"


def test_no_device_is_set_thrice_before_it_has_answered() -> None:
    house = with_car(power_w=3_600, set_w=3_600, **departing(150))
    house.plan()
    for target_wh in (500, 400, 300):
        house.loads.follow(Running(90, 1.0, 600, 0, 0), target_wh, terms(90), house.now)
    assert len(house.roster.outgoing) == 1


# What is forecast


def test_what_devices_take_is_no_part_of_the_forecast_load() -> None:
    seen = Measurements(EPOCH_S, SLOT_SECONDS)
    begin_ms = (EPOCH_S + 20 * SLOT_SECONDS) * 1000
    seen.take_device("car", begin_ms + SLOT_SECONDS * 500, 3_600)
    seen.take_telemetry(telemetry(20, load_w=600))
    seen.take_telemetry(telemetry(20, load_w=4_200, share=0.5))
    seen.take_telemetry(telemetry(21, load_w=4_200))
    assert seen.load_wh[20] == 100
    assert seen.load_wh[21] == 100


def test_telemetry_is_settled_once_it_is_newer_than_what_devices_told() -> None:
    seen = Measurements(EPOCH_S, SLOT_SECONDS)
    seen.take_telemetry(telemetry(20))
    seen.take_device("car", (EPOCH_S + 20 * SLOT_SECONDS) * 1000 + 5_000, 3_600)
    assert not seen.is_settled
    seen.take_telemetry(telemetry(20, share=0.1))
    assert seen.is_settled


def test_a_home_buys_what_its_car_needs_as_surely_as_its_load() -> None:
    house = with_car(**departing(150))
    agent = home([expected(100, 0)], now=90)
    agent.flexible = house.loads
    agent.make_plan(terms(90), 90)
    charged = [slot for slot in range(91, 96) if house.loads.scheduled_wh(slot)]
    assert charged
    assert all(agent.plan[slot].wanted_wh == agent.plan[slot].flow_wh == 700 for slot in charged)
    assert agent.committed_wh(charged[0]) == 700


def test_horizon_and_wishes_are_what_loads_are_asked_with() -> None:
    house = with_car()
    (load,) = house.loads.loads
    need = load.need(Horizon(range(91, 235), terms(90).clock, Wishes()))
    assert need is not None, "a car that says no departure has until the horizon's end"


# Configuration


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"id": "car", "kind": "toaster"}, "car_charger"),
        ({"id": "a/b", "kind": "plug"}, "pattern"),
        ({"id": "washer", "kind": "plug"}, "a plug needs appliance"),
        ({"id": "car", "kind": "car_charger", "appliance": WASH}, "nothing else takes it"),
        ({"id": "car", "kind": "car_charger", "most_w": 0}, "greater than or equal to 1"),
        ({"id": "w", "kind": "plug", "appliance": WASH | {"ready": "25:00"}}, "such as 08:00"),
        ({"id": "w", "kind": "plug", "appliance": WASH | {"done_by": "08:10"}}, "there are 1"),
        ({"id": "w", "kind": "plug", "appliance": WASH | {"profile_w": []}}, "at least 1"),
    ],
)
def test_a_device_that_makes_no_sense_is_refused(content: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DeviceSection.model_validate(content)
