"""Flexible devices in emulated homes: the meter counts them, whatever piece time comes in, and a restart loses none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.clock import Clock
from emulator.device import EmulatedDevice
from emulator.flexible import WASH_W, flexible_devices
from emulator.homes import DEFAULT_DAY, neighbourhood
from emulator.household import Household, Powers
from emulator.service import Service
from emulator.shadow import shadow
from emulator.slot_summary import held
from emulator.state import capture, load, save
from emulator.units import MJ_PER_WH, SLOT_MS, SLOTS_A_DAY
from wire.mqtt import Reading, SetPoint, Topics

CLOCK = Clock(1_780_000_000, 600)
HOMES = neighbourhood(33)
DAY_MS = SLOTS_A_DAY * SLOT_MS


def household(index: int, day_slot: int = 0) -> Household:
    """One of the homes with devices: 0 overnight car, 1 heat pump, 2 water heater and washer, 3 car by day."""
    home = HOMES[index]
    return Household(home, day_slot, 0, flexible_devices(HOMES, 4, CLOCK, 5, day_slot)[home.id])


def command(device: EmulatedDevice[Any], sequence: int, power_w: int, until_slot: int) -> None:
    """Set a power until a slot begins."""
    until_s = CLOCK.epoch_s + until_slot * 600
    content = {"device": device.rating.device, "sequence": sequence, "until_s": until_s, "power_w": power_w}
    verdict = device.offer(json.dumps(content).encode(), retained=False)
    assert verdict.code.value == "accepted", verdict


@pytest.mark.parametrize("index", range(4))
def test_the_meter_counts_what_devices_take_to_the_last_millijoule(index: int) -> None:
    living = household(index)
    alone = Household(HOMES[index])
    begun_mj = living.meter.import_mj - living.meter.export_mj
    living.advance(DAY_MS)
    alone.advance(DAY_MS)
    taken_mj = sum(device.energy_mj for device in living.devices.values())
    assert taken_mj > 0
    assert living.load_mj == alone.load_mj + taken_mj
    assert living.load_mj - (living.pv_mj - living.curtailed_mj) == living.battery_mj + living.grid_mj
    assert living.meter.import_mj - living.meter.export_mj - begun_mj == living.grid_mj


@settings(max_examples=20, deadline=None)
@given(index=st.integers(0, 3), cuts=st.lists(st.integers(1, DAY_MS), max_size=12))
def test_the_day_is_the_same_in_whatever_pieces_it_goes_on(index: int, cuts: list[int]) -> None:
    whole, cut = household(index), household(index)
    whole.advance(DAY_MS)
    for at_ms in [*sorted(cuts), DAY_MS]:
        cut.advance(at_ms)
    assert (cut.meter, cut.load_mj, cut.battery_mj) == (whole.meter, whole.load_mj, whole.battery_mj)
    assert [each.memory() for each in cut.devices.values()] == [each.memory() for each in whole.devices.values()]


def test_what_a_device_begins_to_take_is_told_as_load_at_once_and_the_battery_follows() -> None:
    living = household(0)
    assert living.battery is not None
    arrival_ms = 105 * SLOT_MS
    living.advance(arrival_ms - 1)
    living.offer(SetPoint(sequence=1, slot=105, mode="follow", grid_wh=300))
    told = [event for event in living.advance(arrival_ms + 1) if isinstance(event, Powers)]
    assert told[-1].load_w == HOMES[0].load_at(105) + 3_680
    before_wh = living.slot_start.net_wh
    living.advance(106 * SLOT_MS)
    assert living.slot_start.net_wh - before_wh == 300


def test_a_command_changes_what_the_meter_counts_from_its_moment_on() -> None:
    living = household(3)
    living.advance(60 * SLOT_MS + SLOT_MS // 2)
    command(living.devices["car"], 1, 1_500, 70)
    living.commanded()
    assert living.load_w == HOMES[3].load_at(60) + 1_500
    before_mj = living.load_mj
    living.advance(61 * SLOT_MS)
    assert living.load_mj - before_mj == (HOMES[3].load_at(60) + 1_500) * SLOT_MS // 2


def test_a_washing_machine_waits_for_current_and_runs_once_a_day() -> None:
    living = household(2)
    washer = living.devices["washer"]
    living.advance(40 * SLOT_MS)
    command(washer, 1, 0, 70)
    living.commanded()
    living.advance(70 * SLOT_MS)
    assert washer.energy_mj == 0
    living.advance(DAY_MS - 1)
    wash_mj = sum(WASH_W) * SLOT_MS
    assert washer.energy_mj == wash_mj
    living.advance(2 * DAY_MS - 1)
    assert washer.energy_mj == 2 * wash_mj


def test_a_restart_goes_on_with_car_store_and_wash_as_they_were() -> None:
    for index in range(4):
        living, again = household(index), household(index)
        living.advance(63 * SLOT_MS)
        for name, device in living.devices.items():
            memory = json.loads(json.dumps(device.memory()))
            again.devices[name].advance(63 * SLOT_MS)
            again.devices[name].recall(memory)
            device.advance(DAY_MS)
            again.devices[name].advance(DAY_MS)
            assert again.devices[name].memory() == device.memory()


def test_a_saved_run_brings_back_devices_too(tmp_path: Path) -> None:
    def service() -> Service:
        devices = flexible_devices(HOMES[:4], 4, CLOCK, 5)
        return Service(CLOCK, HOMES[:4], DEFAULT_DAY, 0, Topics(), devices=devices)

    before, after = service(), service()
    for living in before.households.values():
        living.advance(63 * SLOT_MS)
    reading = Reading(meter="m", sequence=1, slot=62, time_s=1, import_wh=0, export_wh=0)
    last = dict.fromkeys(before.households, reading)
    save(tmp_path / "state.json", capture(before.run_key, before.households, last, {}))
    saved = load(tmp_path / "state.json", after.run_key)
    assert saved is not None
    after.restore(saved)
    for name, living in before.households.items():
        living.advance(DAY_MS)
        after.households[name].advance(DAY_MS)
        assert after.households[name].meter == living.meter
        assert [one.memory() for one in after.households[name].devices.values()] == [
            one.memory() for one in living.devices.values()
        ]


def test_days_begin_where_the_neighbourhood_s_do() -> None:
    early, late = household(3), household(3, day_slot=12)
    early.advance(SLOT_MS * 70)
    late.advance(SLOT_MS * 82)
    assert early.devices["car"].energy_mj == late.devices["car"].energy_mj > 0


def test_the_shadow_lets_devices_go_on_their_own() -> None:
    home = HOMES[3]
    with_car = shadow(home, devices=flexible_devices(HOMES, 4, CLOCK, 5)[home.id])
    more_wh = sum(flow.net_wh for flow in with_car.flows) - sum(flow.net_wh for flow in shadow(home).flows)
    stored_wh = with_car.battery_end_wh - shadow(home).battery_end_wh
    assert abs(more_wh - stored_wh - 9_000) <= 2


def test_more_homes_with_devices_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="devices is 5; give 0 to 3 homes"):
        flexible_devices(HOMES[:3], 5, CLOCK, 5)


def test_taken_energy_is_told_in_whole_watt_hours_that_never_fall() -> None:
    living, last_wh = household(1), 0
    for slot in range(1, 40):
        living.advance(slot * SLOT_MS)
        told = living.devices["heat"].state(slot)
        assert told.energy_wh >= last_wh
        last_wh = told.energy_wh
    assert last_wh == living.devices["heat"].energy_mj // MJ_PER_WH


def test_what_batteries_cars_and_stores_have_kept_is_told_slot_by_slot() -> None:
    homes = {str(index): household(index) for index in range(4)}
    assert [each.battery is not None for each in homes.values()].count(True) > 0
    moved_mj = dict.fromkeys(homes, 0)
    for slot in range(1, 2 * SLOTS_A_DAY + 1):
        before = {name: home.battery.energy_mj for name, home in homes.items() if home.battery}
        for home in homes.values():
            home.advance(slot * SLOT_MS)
        told = held(homes)
        for name, record in told["batteries_mj"].items():
            battery = homes[name].battery
            assert battery is not None
            after = battery.energy_mj
            assert record.charged_mj - record.discharged_mj == after - before[name]
            assert record.lowest_mj <= min(before[name], after)
            assert max(before[name], after) <= record.highest_mj
            assert battery.rating.min_wh * MJ_PER_WH <= record.lowest_mj
            assert record.highest_mj <= battery.rating.max_wh * MJ_PER_WH
            moved_mj[name] += record.charged_mj + record.discharged_mj
    assert any(moved_mj.values())
    # Left to themselves cars fill up; the one that stays overnight has left once, the one by day twice.
    assert told["devices_kept"]["0"]["car"] == {"departures": 1, "short_wh": 0}
    assert told["devices_kept"]["3"]["car"] == {"departures": 2, "short_wh": 0}
    heat = told["devices_kept"]["1"]["heat"]
    assert heat["comfort_min_wh"] <= heat["lowest_wh"] < heat["highest_wh"] <= heat["comfort_max_wh"]


def test_a_car_that_leaves_too_soon_is_told_with_what_it_lacks() -> None:
    living = household(3)
    living.advance(60 * SLOT_MS)
    command(living.devices["car"], 1, 0, 120)
    living.commanded()
    living.advance(DAY_MS)
    assert living.devices["car"].kept() == {
        "departures": 1,
        "short_wh": 9_000 - 3_680 * (60 - 51) // 6,
    }
