"""The plain battery rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clients.household.battery import BatteryLimits
from clients.household.forecasting.forecast import SlotForecast
from clients.household.plan import PlannedSlot, Rule, plan_with_battery, plan_without_battery
from tests.household.made import BATTERY, EVENING, expected, terms


def planned(
    forecast: list[SlotForecast],
    *,
    now: int = 0,
    energy_wh: int = 3_000,
    has_pv: bool = True,
    rebate: int = 0,
    contracted: dict[int, int] | None = None,
    slots: int | None = None,
    rule: Rule | None = None,
) -> list[PlannedSlot]:
    return plan_with_battery(
        now,
        forecast,
        lambda slot: (contracted or {}).get(slot, 0),
        slots or len(forecast),
        battery=BATTERY,
        has_pv=has_pv,
        energy_wh=energy_wh,
        terms=terms(rebate=rebate),
        tradable=range(now + 2, now + 999),
        rule=rule or Rule(sell_permille=1000, refill_permille=1000),
    )


def test_a_home_without_battery_bids_what_it_surely_lacks_beyond_what_it_bought() -> None:
    plan = plan_without_battery(0, [expected(100, 0)] * 3, lambda slot: [0, 60, 140][slot], 3)
    assert [slot.wanted_wh for slot in plan] == [100, 40, 0]


def test_a_home_without_battery_asks_for_what_it_surely_has_over_beyond_what_it_sold() -> None:
    plan = plan_without_battery(0, [expected(100, 300)] * 3, lambda slot: [0, -150, -250][slot], 3)
    assert [slot.wanted_wh for slot in plan] == [-200, -50, 0]


def test_the_sun_fills_the_battery_before_anything_is_sold() -> None:
    plan = planned([expected(0, 500)] * 6, energy_wh=BATTERY.max_wh - 800)
    assert [slot.flow_wh for slot in plan] == [0, -200, -500, -500, -500, -500]
    assert [slot.wanted_wh for slot in plan][:3] == [0, -200, -500]


def test_the_last_surplus_of_the_day_is_not_sold_as_nothing_would_refill_the_battery() -> None:
    plan = planned([expected(0, 100)] * 3 + [expected(50, 0)], energy_wh=BATTERY.max_wh)
    assert [slot.wanted_wh for slot in plan] == [-100, -100, 0, 0]


def test_the_battery_steers_the_meter_to_what_is_contracted() -> None:
    plan = planned([expected(100, 0)] * 3, energy_wh=3_000, contracted={0: -200, 1: 300, 2: 900})
    assert [slot.flow_wh for slot in plan] == [-200, 300, 600]


def test_an_empty_battery_leaves_the_deficit_to_be_bought() -> None:
    plan = planned([expected(100, 0)] * 2, energy_wh=BATTERY.min_wh + 30)
    assert [slot.wanted_wh for slot in plan] == [70, 100]


def evening_home(now: int) -> list[SlotForecast]:
    """100 Wh a slot from 17:00 to midnight, nothing else."""
    return [expected(100 if slot % 144 >= EVENING else 0, 0) for slot in range(now, now + 144)]


def test_where_a_rebate_is_posted_a_battery_home_buys_what_the_evening_needs() -> None:
    now = EVENING - 3
    rule = Rule(reserve_permille=1000, assumed_fill_permille=0)
    plan = planned(evening_home(now), now=now, energy_wh=BATTERY.min_wh, has_pv=False, rebate=1, slots=3, rule=rule)
    # The two slots before slot 101 are closed; one slot's power is all that is left.
    assert [slot.wanted_wh for slot in plan] == [0, 0, 500]


def test_without_a_rebate_it_buys_only_what_it_lacks() -> None:
    now = EVENING - 3
    plan = planned(evening_home(now), now=now, energy_wh=BATTERY.min_wh, has_pv=False, slots=3)
    assert [slot.wanted_wh for slot in plan] == [0, 0, 0]


def test_energy_for_the_evening_is_held_while_it_is_cheap_and_used_when_it_is_dear() -> None:
    now = EVENING - 2
    forecast = [expected(100, 0)] * 144
    plan = planned(forecast, now=now, energy_wh=BATTERY.min_wh + 500, has_pv=False, slots=4)
    assert [slot.hold for slot in plan] == [True, True, False, False]
    assert [slot.flow_wh for slot in plan] == [100, 100, 0, 0]


def test_more_than_the_evening_needs_is_not_held() -> None:
    now = EVENING - 2
    plan = planned([expected(1, 0)] * 144, now=now, energy_wh=BATTERY.max_wh, has_pv=False, slots=2)
    assert not any(slot.hold for slot in plan)


slots_of_day = st.builds(expected, st.integers(0, 900), st.integers(0, 900))


@given(
    forecast=st.lists(slots_of_day, min_size=20, max_size=20),
    energy_wh=st.integers(0, 6_000),
    contracted=st.dictionaries(st.integers(0, 19), st.integers(-900, 900)),
    has_pv=st.booleans(),
    rebate=st.sampled_from([0, 10_000]),
    battery=st.builds(
        BatteryLimits, st.just(1_200), st.integers(1_200, 6_000), st.integers(0, 800), st.sampled_from([1000, 930])
    ),
)
def test_only_own_sun_is_sold_and_never_more_than_the_surplus(
    forecast: list[SlotForecast],
    energy_wh: int,
    contracted: dict[int, int],
    has_pv: bool,
    rebate: int,
    battery: BatteryLimits,
) -> None:
    plan = plan_with_battery(
        95,
        forecast,
        lambda slot: contracted.get(slot - 95, 0),
        14,
        battery=battery,
        has_pv=has_pv,
        energy_wh=energy_wh,
        terms=terms(rebate=rebate),
        tradable=range(999),
        rule=Rule(sell_permille=1000, refill_permille=1000),
    )
    for index, slot in enumerate(plan):
        surplus_wh = max(0, forecast[index].pv_wh - forecast[index].load_wh)
        sold_wh = max(0, -contracted.get(index, 0))
        assert -slot.wanted_wh <= max(0, surplus_wh - sold_wh)
        # The battery gives and takes no more than its power.
        battery_wh = forecast[index].load_wh - forecast[index].pv_wh - slot.flow_wh
        assert abs(battery_wh) <= battery.slot_wh
