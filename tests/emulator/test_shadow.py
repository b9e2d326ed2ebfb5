"""The day without the market: the same meter, moved by self-consumption alone."""

from __future__ import annotations

import pytest

from emulator import neighbourhood
from emulator.shadow import shadow, shadow_day
from tests.emulator.world import home


def test_a_plain_home_s_shadow_is_its_load_to_the_watt_hour() -> None:
    plain = next(home for home in neighbourhood(33) if home.kind == "plain")
    day = shadow_day(plain)
    assert len(day) == 144
    assert abs(sum(day) - sum(plain.load_at(slot) for slot in range(144)) / 6) <= 1
    assert all(abs(wh - plain.load_at(slot) / 6) < 1 for slot, wh in enumerate(day))


def test_a_shadow_says_where_its_battery_began_and_ended() -> None:
    charging = shadow(home([0], [3_000]), slots=4)
    assert (charging.battery_start_wh, charging.battery_end_wh) == (3_000, 4_800)
    assert sum(flow.export_wh for flow in charging.flows) == pytest.approx(200, abs=1)
    assert sum(flow.import_wh for flow in charging.flows) == 0
    plain = shadow(home([600], [0], battery=None), slots=2)
    assert (plain.battery_start_wh, plain.battery_end_wh) == (0, 0)
    assert [flow.net_wh for flow in plain.flows] == [100, 100]


def test_the_days_first_slot_may_come_later_in_the_chain() -> None:
    first = neighbourhood(1)[0]
    without_battery = home([int(watts) for watts in first.load_w[:288]], [0] * 288, battery=None)
    late = shadow_day(without_battery, slots=20, day_slot=5)
    expected = [without_battery.load_at(slot - 5) / 6 for slot in range(20)]
    assert all(abs(wh - exact) < 1 for wh, exact in zip(late, expected, strict=True))


def test_it_is_the_same_every_time() -> None:
    assert [shadow_day(one) for one in neighbourhood(5)] == [shadow_day(one) for one in neighbourhood(5)]


def test_a_negative_number_of_slots_is_refused() -> None:
    with pytest.raises(ValueError, match="slots is -1"):
        shadow_day(neighbourhood(1)[0], slots=-1)
