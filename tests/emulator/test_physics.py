"""Energy is conserved to the millijoule, limits hold, registers only rise: whatever the set points and their times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.battery import Battery, BatteryRating
from emulator.household import Household, Powers, SlotEnd
from emulator.inverter import plan
from emulator.units import MJ_PER_WH, SLOT_MS
from tests.emulator.world import IDEAL, home, net_of_slot, ratings, set_points, watts
from wire.mqtt import SetPoint, StatusCode

lives = st.lists(st.tuples(st.integers(0, 4 * SLOT_MS), set_points()), max_size=8)


@given(st.lists(watts, min_size=4, max_size=4), st.lists(watts, min_size=4, max_size=4), st.none() | ratings, lives)
def test_any_life_conserves_energy_and_keeps_the_limits(
    load_w: list[int], pv_w: list[int], rating: BatteryRating | None, life: list[tuple[int, SetPoint]]
) -> None:
    household = Household(home(load_w, pv_w, rating))
    start_mj = household.battery.energy_mj if household.battery else 0
    shown = household.first_reading().registers
    first = (household.meter.import_mj, household.meter.export_mj)
    ends: list[SlotEnd] = []
    for number, (at_ms, set_point) in enumerate(sorted(life, key=lambda item: item[0])):
        ends += [event for event in household.advance(at_ms) if isinstance(event, SlotEnd)]
        household.offer(set_point.model_copy(update={"sequence": number}))
        if household.battery and rating:
            assert rating.min_wh * MJ_PER_WH <= household.battery.energy_mj <= rating.max_wh * MJ_PER_WH
        registers = household.meter.registers()
        assert registers.import_wh >= shown.import_wh
        assert registers.export_wh >= shown.export_wh
        shown = registers
    ends += [event for event in household.advance(4 * SLOT_MS) if isinstance(event, SlotEnd)]

    assert household.load_mj == sum(load_w) * SLOT_MS
    assert household.pv_mj == sum(pv_w) * SLOT_MS
    assert 0 <= household.curtailed_mj <= household.pv_mj
    assert household.load_mj - household.pv_mj == household.grid_mj + household.battery_mj - household.curtailed_mj
    metered_mj = household.meter.import_mj - first[0] - (household.meter.export_mj - first[1])
    assert metered_mj == household.grid_mj
    assert [end.slot for end in ends] == [0, 1, 2, 3]
    assert [end.sequence for end in ends] == [1, 2, 3, 4]
    if household.battery and rating and rating.efficiency_permille == 1000:
        assert start_mj - household.battery.energy_mj == household.battery_mj


@given(
    watts, watts, ratings, set_points(), st.integers(1, SLOT_MS), st.integers(0, 1000), st.integers(-(10**10), 10**10)
)
def test_a_plan_fills_the_time_within_power_charge_and_feed_in_limits(
    load_w: int, pv_w: int, rating: BatteryRating, set_point: SetPoint, left_ms: int, charge: int, wanted_mj: int
) -> None:
    span_wh = rating.max_wh - rating.min_wh
    battery = Battery(rating, (rating.min_wh * MJ_PER_WH) + span_wh * MJ_PER_WH * charge // 1000)
    stretches = plan(set_point, load_w, pv_w, battery, left_ms, wanted_mj)
    assert sum(stretch.duration_ms for stretch in stretches) == left_ms
    assert all(stretch.duration_ms > 0 for stretch in stretches)
    for stretch in stretches:
        assert abs(stretch.battery_mj) <= rating.power_w * stretch.duration_ms
        battery.move(stretch.battery_mj)
        if set_point.export_limit_w is not None:
            feed_in_mj = (pv_w - load_w) * stretch.duration_ms - stretch.curtailed_mj + stretch.battery_mj
            assert feed_in_mj <= set_point.export_limit_w * stretch.duration_ms + 1
        else:
            assert stretch.curtailed_mj == 0


@given(st.lists(watts, min_size=4, max_size=4), st.lists(watts, min_size=4, max_size=4), ratings)
def test_self_consumption_never_charges_from_the_grid_nor_feeds_in_from_the_battery(
    load_w: list[int], pv_w: list[int], rating: BatteryRating
) -> None:
    household = Household(home(load_w, pv_w, rating))
    events = [household.powers(), *household.advance(4 * SLOT_MS - 1)]
    for event in events:
        if isinstance(event, Powers):
            need_w = event.load_w - event.pv_w
            assert min(0, need_w) <= event.battery_w <= max(0, need_w)


@given(watts, watts, st.integers(-900, 900), st.integers(0, SLOT_MS - 1))
def test_following_ends_the_slot_at_the_target_wherever_power_and_charge_suffice(
    load_w: int, pv_w: int, grid_wh: int, at_ms: int
) -> None:
    strong = BatteryRating(capacity_wh=100_000, power_w=6_000_000, min_wh=0, max_wh=100_000, start_wh=50_000)
    household = Household(home([load_w], [pv_w], strong))
    household.advance(at_ms)
    code, _ = household.offer(SetPoint(sequence=1, slot=0, mode="follow", grid_wh=grid_wh))
    assert code is StatusCode.ACCEPTED
    before = household.slot_start.net_wh
    household.advance(SLOT_MS)
    shortfall_wh = abs(household.meter.registers().net_wh - before - grid_wh)
    assert shortfall_wh == 0 or (SLOT_MS - at_ms) * 6_000_000 < 2_000 * MJ_PER_WH


@pytest.mark.parametrize(
    ("load_w", "pv_w", "grid_wh", "expected_wh"),
    [
        (600, 0, 0, 0),
        (600, 0, 50, 50),
        (600, 0, -300, -300),
        (600, 3_000, -100, -100),
        (600, 3_000, 100, 100),
        (6_000, 0, 0, 500),
        (0, 6_000, 0, -500),
    ],
)
def test_following_comes_as_close_as_three_kilowatts_allow(
    load_w: int, pv_w: int, grid_wh: int, expected_wh: int
) -> None:
    household = Household(home([load_w], [pv_w]))
    household.offer(SetPoint(sequence=1, slot=0, mode="follow", grid_wh=grid_wh))
    assert net_of_slot(household, 0) == expected_wh


def test_a_battery_stops_at_its_limit_in_the_middle_of_a_slot() -> None:
    household = Household(home([0], [3_000], IDEAL))
    household.advance(3 * SLOT_MS)
    assert household.next_event_ms == 3 * SLOT_MS + SLOT_MS * 6 // 10
    events = household.advance(4 * SLOT_MS - 1)
    assert [(event.at_ms, event.battery_w) for event in events if isinstance(event, Powers)] == [
        (3 * SLOT_MS + SLOT_MS * 6 // 10, 0)
    ]
    assert household.battery is not None
    assert household.battery.energy_mj == 4_800 * MJ_PER_WH


def test_an_export_limit_holds_back_the_battery_before_it_wastes_sun() -> None:
    household = Household(home([500], [2_000]))
    household.offer(SetPoint(sequence=1, slot=0, mode="power", power_w=3_000, export_limit_w=2_000))
    powers = household.powers()
    assert (powers.battery_w, powers.curtailed_w, powers.grid_w) == (500, 0, -2_000)
    household.offer(SetPoint(sequence=2, slot=0, mode="power", power_w=3_000, export_limit_w=1_000))
    powers = household.powers()
    assert (powers.battery_w, powers.curtailed_w, powers.grid_w) == (0, 500, -1_000)


def test_a_lossy_battery_keeps_what_its_efficiency_leaves() -> None:
    rating = BatteryRating.of_capacity(6_000, 3_000, efficiency_permille=900)
    household = Household(home([0], [3_000], rating))
    household.advance(SLOT_MS)
    assert household.battery is not None
    assert household.battery.energy_mj == (3_000 + 450) * MJ_PER_WH


def test_a_battery_refuses_to_be_moved_beyond_its_limits() -> None:
    battery = Battery(IDEAL)
    with pytest.raises(ValueError, match="is possible"):
        battery.move(1_801 * MJ_PER_WH)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((0, 1, 0, 0, 0), "capacity_wh is 0"),
        ((10, 0, 2, 8, 5), "power_w is 0"),
        ((10, 1, 6, 8, 5), "ascending"),
        ((10, 1, 2, 11, 5), "ascending"),
        ((10, 1, 2, 8, 5, 1001), "at most 1000"),
        ((10, 1, 2, 8, 5, 0), "efficiency_permille is 0"),
    ],
)
def test_a_rating_that_makes_no_battery_is_refused(fields: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BatteryRating(*fields)
