"""A plan's file is checked whole: every fault is named, with its field, its value and a way out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.common.file_error import BadFile, FileError
from clients.household.planner.plan_file import MAX_SLOTS
from clients.household.planner.read_file import KIND, parse_problem
from tests.planner.cases import File, battery, plain

CAR = {"needed_wh": 1000, "power_w": 1000, "departure_slot": 4}
HEAT = {"temperature_c": 20, "heat_capacity_wh_per_k": 1000, "power_w": 1000, "min_c": 19, "max_c": 22}
WASHER = {"profile_wh": [500, 100], "deadline_slot": 4}


def bytes_of(file: Any) -> bytes:
    return json.dumps(file).encode()


def faults(data: bytes) -> list[str]:
    """What is wrong, as ``field value reason``."""
    with pytest.raises(BadFile) as caught:
        parse_problem(data)
    assert all(error.way_out for error in caught.value.errors)
    return [" ".join(filter(None, (error.field, error.value, error.reason))) for error in caught.value.errors]


def test_a_whole_file_becomes_the_problem_that_it_says() -> None:
    file = plain(
        battery=battery(max_cycles=1.5, end_energy_wh=2000),
        cars=[CAR],
        heat_stores=[HEAT | {"min_c": [19, 19, 20, 20]}],
        appliances=[WASHER],
        contracted_wh=[0, -100, 50, 0],
    )
    problem = parse_problem(bytes_of(file))
    assert problem.load_wh.tolist() == [500, 500, 2000, 1500]
    assert problem.slot_hours == 1
    (found,) = problem.batteries
    assert (found.capacity_wh, found.target_wh, found.min_wh) == (6000, 2000, 1200)
    # A full cycle: the capacity in, and out again.
    assert found.max_throughput_wh == 1.5 * 2 * 6000
    assert problem.contracted_wh is not None
    assert problem.contracted_wh.tolist() == [0, -100, 50, 0]
    assert problem.cars[0].departure_slot == 4
    assert np.asarray(problem.heat_stores[0].min_c).tolist() == [19, 19, 20, 20]
    assert problem.heat_stores[0].max_c == 22
    assert problem.appliances[0].profile_wh == (500, 100)


def test_what_may_be_left_out_has_the_thesiss_meaning() -> None:
    (found,) = parse_problem(bytes_of(plain())).batteries
    assert found.target_wh == 3000
    assert found.max_throughput_wh is None
    assert parse_problem(bytes_of(plain(battery=None))).batteries == ()
    without = plain()
    del without["battery"]
    assert parse_problem(b"\xef\xbb\xbf" + bytes_of(without)).batteries == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"load_wh": [1, float("nan"), 3, 4]}, ["load_wh[1] nan is not a finite number"]),
        ({"pv_wh": [0, float("inf"), 0, float("inf")]}, ["pv_wh[1, 3] inf is not a finite number"]),
        ({"load_wh": [-1, -1, -2, 4]}, ["load_wh[0-2] -1 and others is negative"]),
        ({"buy_price_neur_per_wh": [1, 2, 3, -4.5]}, ["buy_price_neur_per_wh[3] -4.5 is negative"]),
        ({"sell_price_neur_per_wh": [1, 2, 3, None]}, ["sell_price_neur_per_wh[3] None is not a number"]),
        ({"load_wh": ["1", True, {}, 4]}, ["load_wh[0-2] '1' and others is not a number"]),
        ({"pv_wh": [0, 0, 0]}, ["pv_wh has 3 values where load_wh has 4"]),
        ({"load_wh": []}, ["load_wh is empty"]),
        ({"load_wh": 5}, ["load_wh 5 is no array"]),
        ({"slot_seconds": 0}, ["slot_seconds 0 is not above 0"]),
        ({"slot_seconds": 1e9}, ["slot_seconds 1000000000.0 is above 86400"]),
        ({"grid_limit_w": -1}, ["grid_limit_w -1 is negative"]),
        ({"grid_limit_w": "9000"}, ["grid_limit_w '9000' is not a number"]),
        ({"load": [1]}, ["load is no field of a plan's file"]),
        ({"battery": []}, ["battery [] is no object"]),
        ({"battery": battery(energy_wh=6001)}, ["battery.energy_wh 6001 is more than capacity_wh 6000"]),
        ({"battery": battery(energy_wh=-1)}, ["battery.energy_wh -1 is negative"]),
        ({"battery": battery(capacity_wh=0)}, ["battery.capacity_wh 0 is not above 0"]),
        ({"battery": battery(min_soc=0.9)}, ["battery.min_soc 0.9 is above max_soc 0.8"]),
        ({"battery": battery(max_soc=80)}, ["battery.max_soc 80 is above 1"]),
        ({"battery": battery(min_soc=-0.1)}, ["battery.min_soc -0.1 is negative"]),
        (
            {"battery": battery(end_energy_wh=5000)},
            ["battery.end_energy_wh 5000 is outside min_soc to max_soc of capacity_wh, which is 1200 to 4800 Wh"],
        ),
        ({"battery": battery(max_cycles=-1)}, ["battery.max_cycles -1 is negative"]),
        ({"battery": battery(charge_efficiency=0)}, ["battery.charge_efficiency 0 is not above 0"]),
        ({"battery": battery(power_kw=3)}, ["battery.power_kw is no field of a plan's file"]),
        ({"batteries": [battery()]}, ["batteries stands beside battery"]),
        ({"batteries": [5], "battery": None}, ["batteries[0] 5 is no object"]),
        ({"contracted_wh": [1, 2]}, ["contracted_wh has 2 values where load_wh has 4"]),
        ({"cars": [CAR | {"departure_slot": 5}]}, ["cars[0].departure_slot 5 is after the plan's 4 slots"]),
        ({"cars": [CAR | {"departure_slot": 2.5}]}, ["cars[0].departure_slot 2.5 is not a whole number"]),
        (
            {"cars": [CAR, CAR | {"arrival_slot": 4}]},
            ["cars[1].departure_slot 4 leaves 0 slots from arrival_slot 4 on, where 1 are needed"],
        ),
        (
            {"appliances": [WASHER | {"deadline_slot": 1}]},
            ["appliances[0].deadline_slot 1 leaves 1 slots from earliest_slot 0 on, where 2 are needed"],
        ),
        ({"appliances": [WASHER | {"profile_wh": []}]}, ["appliances[0].profile_wh is empty"]),
        ({"heat_stores": [HEAT | {"min_c": 23}]}, ["heat_stores[0].min_c 23 is above max_c 22 in slot 0"]),
        ({"heat_stores": [HEAT | {"min_c": [19, 20]}]}, ["heat_stores[0].min_c has 2 values for 4 slots"]),
        ({"heat_stores": [HEAT | {"min_c": "warm"}]}, ["heat_stores[0].min_c[0] 'warm' is not a number"]),
        ({"heat_stores": [HEAT | {"name": "a\u001b[2J"}]}, ["heat_stores[0].name 'a\\x1b[2J' is not usable"]),
        ({"sell_only_surplus": 1}, ["sell_only_surplus 1 is not usable"]),
    ],
)
def test_a_fault_is_named_with_its_field_and_value(changes: File, expected: list[str]) -> None:
    found = faults(bytes_of(plain(**changes)))
    assert len(found) == len(expected)
    for fault, text in zip(found, expected, strict=True):
        assert fault.startswith(text)


def test_all_faults_are_named_at_once() -> None:
    file = plain(load_wh=[1, -2, 3, 4], pv_wh=[0] * 3, slot_seconds="ten", battery=battery(min_soc=0.9, energy_wh=9000))
    file["cars"] = [CAR | {"departure_slot": 9}]
    del file["grid_limit_w"]
    assert [fault.split(" ")[0] for fault in faults(bytes_of(file))] == [
        "load_wh[1]",
        "slot_seconds",
        "grid_limit_w",
        "pv_wh",
        "battery.min_soc",
        "battery.energy_wh",
        "cars[0].departure_slot",
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "file is not JSON: Expecting value in line 1, column 1"),
        (b'{"load_wh": [1,\n 2,]}', "file is not JSON"),
        (b"\xff\xfe{", "file is not UTF-8 text"),
        (b"[1]", "file [1] is no JSON object"),
        (b"[" * 100_000, "file is nested too deeply"),
        (b" " * (KIND.max_bytes + 1), f"file is larger than {KIND.max_bytes} bytes"),
        (b'{"load_wh": [1], "load_wh": [2]}', "load_wh stands there twice"),
        (b'{"slot_seconds": ' + b"9" * 5000 + b"}", "slot_seconds inf is not a finite number"),
        (b'{"slot_seconds": 1e999}', "slot_seconds inf is not a finite number"),
        (b'{"\\u001b[2J": 1}', "'\\x1b[2J' is no field of a plan's file"),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, expected: str) -> None:
    assert any(fault.startswith(expected) for fault in faults(data))


def test_more_slots_than_a_plan_may_have_are_refused() -> None:
    series = [1.0] * (MAX_SLOTS + 1)
    names = ("load_wh", "pv_wh", "buy_price_neur_per_wh", "sell_price_neur_per_wh")
    found = faults(bytes_of(plain(**dict.fromkeys(names, series))))
    assert found == [f"{name} has more than {MAX_SLOTS} values" for name in names]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    [*plain(), "batteries", "cars", "heat_stores", "appliances", "contracted_wh", "sell_only_surplus"]
)
INNER = st.sampled_from([*battery(), *CAR, *HEAT, *WASHER, "demand_wh", "end_c", "max_cycles", "name"])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(FIELDS, JSON | st.dictionaries(INNER, JSON) | st.lists(st.dictionaries(INNER, JSON), max_size=2))
)
def test_whatever_json_is_there_it_is_a_problem_or_its_faults_are_named(changes: File) -> None:
    errors: list[FileError] | None = None
    try:
        parse_problem(bytes_of(plain(**changes)))
    except BadFile as bad:
        errors = bad.errors
    assert errors != []
    for error in errors or ():
        assert error.as_text("file").isascii()
        assert error.as_text("file").isprintable()
