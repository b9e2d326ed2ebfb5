"""Limits that contradict each other: what gives, in which order, and what the person is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clients.household.planner.limit import Limit
from clients.household.planner.plan import Plan, Status
from clients.household.planner.planner import Planner
from clients.household.planner.solver import PlanningFailed
from tests.planner.cases import File, battery, plain, problem_of, random_file

PLANNER = Planner()
EXACT_WH = 1e-4
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "home-plan.json"


def plan_of(file: File) -> Plan:
    return PLANNER.plan(problem_of(file))


def given_by(plan: Plan) -> dict[Limit, float]:
    return {relaxation.limit: round(relaxation.amount, 3) for relaxation in plan.relaxations}


def test_sun_that_nothing_can_take_is_left_unused_before_the_grid_is_overloaded() -> None:
    plan = plan_of(plain(battery=None, grid_limit_w=2100))
    assert plan.status is Status.RELAXED
    assert given_by(plan) == {Limit.PV: 400}
    assert plan.unused_pv_wh.tolist() == pytest.approx([0, 400, 0, 0], abs=EXACT_WH)
    assert plan.conflict == (Limit.PV, Limit.GRID)
    (relaxation,) = plan.relaxations
    assert relaxation.slots == (1,)
    assert relaxation.text == (
        "400 Wh of the sun are left unused in slot 1: nothing can take them; "
        "raise grid_limit_w, or make room in the battery before"
    )


def test_a_limit_that_can_be_held_gives_nothing_at_all() -> None:
    """Not even the millionth of a Wh that the solver could sell."""
    file = json.loads(EXAMPLE.read_text()) | {"grid_limit_w": 0}
    plan = plan_of(file)
    assert Limit.GRID not in given_by(plan)
    assert not plan.buy_wh.any()
    assert not plan.sell_wh.any()
    assert plan.cost_neur == 0


def test_a_load_above_the_grids_limit_exceeds_it_by_no_more_than_it_must() -> None:
    plan = plan_of(plain(battery=None, grid_limit_w=1800, pv_wh=[0, 500, 0, 0]))
    assert given_by(plan) == {Limit.GRID: 200}
    assert plan.buy_wh.tolist() == pytest.approx([500, 0, 2000, 1500], abs=EXACT_WH)
    assert "the grid's limit is exceeded in slot 2, by 200 Wh a slot at most" in plan.relaxations[0].text


def test_the_battery_gives_below_its_band_before_the_grids_limit_is_exceeded() -> None:
    file = plain(
        load_wh=[0, 0, 0, 3000], pv_wh=[0] * 4, grid_limit_w=500, battery=battery(energy_wh=1200, end_energy_wh=1200)
    )
    plan = plan_of(file)
    assert Limit.GRID not in given_by(plan)
    # 500 each in slots 0 to 2 fill it to 2700; 2500 in the last leave 200, where 1200 should be.
    assert given_by(plan) == {Limit.STATE_OF_CHARGE: 1000, Limit.END_ENERGY: 1000}
    assert plan.energy_wh.tolist() == pytest.approx([1700, 2200, 2700, 200], abs=EXACT_WH)


def test_an_end_that_the_battery_cannot_reach_is_missed_by_the_least() -> None:
    plan = plan_of(plain(battery=battery(power_w=300, end_energy_wh=4800)))
    assert given_by(plan) == {Limit.END_ENERGY: 600}
    assert plan.energy_wh[-1] == pytest.approx(4200, abs=EXACT_WH)
    assert plan.conflict == (Limit.END_ENERGY,)


def test_the_cycles_give_before_the_end_does() -> None:
    plan = plan_of(plain(battery=battery(end_energy_wh=4800, max_cycles=0.1)))
    assert given_by(plan) == {Limit.CYCLES: 600}
    assert plan.energy_wh[-1] == pytest.approx(4800, abs=EXACT_WH)
    assert plan.conflict == (Limit.CYCLES, Limit.END_ENERGY)


def test_a_battery_found_below_its_band_is_brought_back_as_soon_as_it_can() -> None:
    plan = plan_of(plain(battery=battery(energy_wh=0, power_w=500)))
    assert given_by(plan) == {Limit.STATE_OF_CHARGE: 700 + 200}
    assert plan.energy_wh.tolist()[:3] == pytest.approx([500, 1000, 1200], abs=EXACT_WH)
    # Where it began can't be where it ends; the nearest edge of the band is.
    assert plan.energy_wh[-1] == pytest.approx(1200, abs=EXACT_WH)
    assert "battery is outside min_soc to max_soc in slots 0-1, by 700 Wh at most" in plan.relaxations[0].text


def test_comfort_and_the_car_give_before_the_grid_and_after_the_battery() -> None:
    file = plain(
        load_wh=[500] * 4,
        pv_wh=[0] * 4,
        grid_limit_w=1000,
        battery=None,
        cars=[{"needed_wh": 3000, "power_w": 3000, "departure_slot": 4}],
        heat_stores=[{"temperature_c": 20, "heat_capacity_wh_per_k": 1000, "power_w": 2000, "min_c": 21, "max_c": 23}],
    )
    plan = plan_of(file)
    # 2000 Wh are free; the car, which gives after comfort, takes them all.
    assert given_by(plan) == {Limit.CAR: 1000, Limit.COMFORT: 4}
    assert [relaxation.limit for relaxation in plan.relaxations] == [Limit.COMFORT, Limit.CAR]
    assert plan.buy_wh.tolist() == pytest.approx([1000] * 4, abs=EXACT_WH)


def test_an_appliance_that_does_not_fit_is_not_run() -> None:
    washer = {"profile_wh": [2000, 500], "deadline_slot": 4, "name": "washer"}
    plan = plan_of(plain(battery=None, grid_limit_w=2000, pv_wh=[0] * 4, load_wh=[500] * 4, appliances=[washer]))
    assert given_by(plan) == {Limit.APPLIANCE: 1}
    assert plan.appliances[0].start_slot is None
    assert not plan.appliances[0].appliance_wh.any()
    assert plan.relaxations[0].text.startswith("washer is not run")


def test_no_contradiction_stops_the_planner() -> None:
    """Any home, with a grid limit that is far too small, a battery outside its band and an end out of reach."""
    for seed in range(60):
        random = np.random.default_rng(40_000 + seed)
        file = random_file(random, int(random.integers(1, 25))) | {"grid_limit_w": float(random.uniform(0, 300))}
        file["battery"] = battery(energy_wh=float(random.uniform(0, 6000)), end_energy_wh=4800, max_cycles=0.05)
        plan = plan_of(file)
        assert plan.status is Status.RELAXED
        assert plan.relaxations
        load, pv = np.array(file["load_wh"]), np.array(file["pv_wh"])
        given = pv - plan.unused_pv_wh + plan.buy_wh - plan.sell_wh + plan.battery_wh
        assert np.allclose(load, given, rtol=0, atol=EXACT_WH)
        assert (plan.energy_wh >= 0).all()
        assert (plan.energy_wh <= 6000).all()


def test_a_solver_out_of_time_says_so_instead_of_giving_half_a_plan() -> None:
    with pytest.raises(PlanningFailed, match="Time limit"):
        Planner(time_limit_seconds=0.0).plan(problem_of(random_file(np.random.default_rng(1), 144)))


def test_a_planner_goes_on_after_a_problem_that_could_not_be_held() -> None:
    before = plan_of(plain())
    assert plan_of(plain(battery=None, grid_limit_w=0)).status is Status.RELAXED
    after = plan_of(plain())
    assert after.status is Status.OPTIMAL
    assert after.cost_neur == before.cost_neur
