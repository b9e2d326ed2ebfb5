"""Cars, heat and appliances: against greedy rules, finer physics and trying everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from clients.household.planner.plan import Plan, Status
from clients.household.planner.planner import Planner
from tests.planner.cases import File, battery, plain, problem_of, random_file
from tests.planner.reference import Reference

PLANNER = Planner()


def plan_of(file: File) -> Plan:
    return PLANNER.plan(problem_of(file))


def only_prices(random: np.random.Generator, slots: int, **devices: Any) -> File:
    """A home without sun or battery, where every Wh is bought in the slot in which it is used."""
    file: File = {
        "slot_seconds": 600,
        "grid_limit_w": 20_000,
        "load_wh": random.uniform(0, 200, slots).tolist(),
        "pv_wh": [0.0] * slots,
        "buy_price_neur_per_wh": random.uniform(100_000, 500_000, slots).tolist(),
        "sell_price_neur_per_wh": [0.0] * slots,
    }
    return file | devices


@pytest.mark.parametrize("seed", range(5))
def test_a_car_charges_in_the_cheapest_slots_before_it_leaves(seed: int) -> None:
    random = np.random.default_rng(seed)
    car = {
        "needed_wh": 9000,
        "power_w": 7400,
        "arrival_slot": 10,
        "departure_slot": 40,
        "charge_efficiency": 0.9,
    }
    file = only_prices(random, 60, cars=[car])
    plan = plan_of(file)
    left, cost = 9000 / 0.9, float(np.dot(file["load_wh"], file["buy_price_neur_per_wh"]))
    for price in sorted(file["buy_price_neur_per_wh"][10:40]):
        taken = min(left, 7400 / 6)
        left, cost = left - taken, cost + taken * price
    assert plan.cost_neur == pytest.approx(cost, rel=1e-9)
    assert not plan.cars[0].charge_wh[:10].any()
    assert not plan.cars[0].charge_wh[40:].any()
    assert plan.cars[0].charge_wh.sum() * 0.9 == pytest.approx(9000)


def heat_store(**changes: Any) -> File:
    return {
        "name": "house",
        "temperature_c": 20.5,
        "heat_capacity_wh_per_k": 3000,
        "power_w": 2000,
        "min_c": 20,
        "max_c": 23,
        "heat_per_wh": 3.0,
        "loss_w_per_k": 150,
        "surroundings_c": 2.0,
    } | changes


@pytest.mark.parametrize("seed", range(3))
def test_a_heat_pumps_plan_keeps_the_band_in_a_hundredfold_finer_simulation(seed: int) -> None:
    random = np.random.default_rng(seed)
    outside = random.uniform(-5, 10, 72)
    demand = random.uniform(0, 50, 72)
    store = heat_store(surroundings_c=outside.tolist(), demand_wh=demand.tolist())
    plan = plan_of(only_prices(random, 72, heat_stores=[store]))
    assert plan.status is Status.OPTIMAL
    temperature, steps = 20.5, 100
    for slot in range(72):
        heat_w = (plan.heat_stores[0].heater_wh[slot] * 3.0 - demand[slot]) * 6
        for _ in range(steps):
            temperature += (heat_w - 150 * (temperature - outside[slot])) / 3000 * (1 / 6 / steps)
        assert temperature == pytest.approx(plan.heat_stores[0].temperature_c[slot], abs=0.01)
        assert 20 - 0.01 <= temperature <= 23 + 0.01


@pytest.mark.parametrize("seed", range(5))
def test_a_heat_stores_plan_costs_what_the_independent_solver_says(seed: int) -> None:
    random = np.random.default_rng(100 + seed)
    slots = 36
    file = only_prices(random, slots, heat_stores=[heat_store(end_c=20.5)])
    kept = np.exp(-150 / 6 / 3000)
    k_per_wh = 3.0 * (1 - kept) / (150 / 6 / 3000) / 3000
    powers = kept ** np.subtract.outer(np.arange(slots), np.arange(slots))
    warms = np.tril(powers) * k_per_wh
    alone = 2.0 + (20.5 - 2.0) * kept ** np.arange(1, slots + 1)
    model = Reference(slots)
    model.cost[:] = file["buy_price_neur_per_wh"]
    # The reference wants one equality: a variable's zeroth power.
    model.equal.append((np.zeros((1, slots)), np.zeros(1)))
    model.at_most += [
        (warms, 23 - alone),
        (-warms, alone - 20),
        (-warms[-1:], alone[-1:] - 20.5),
        (np.eye(slots), np.full(slots, 2000 / 6)),
        (-np.eye(slots), np.zeros(slots)),
    ]
    least = model.least()
    assert least is not None
    bought = float(np.dot(file["load_wh"], file["buy_price_neur_per_wh"]))
    assert plan_of(file).cost_neur == pytest.approx(least + bought, rel=1e-6)


def test_a_comfort_band_may_change_from_slot_to_slot() -> None:
    store = heat_store(temperature_c=18, min_c=[16] * 12 + [20] * 12, max_c=[23] * 24, heat_per_wh=[3.0] * 24)
    plan = plan_of(only_prices(np.random.default_rng(1), 24, heat_stores=[store]))
    assert plan.status is Status.OPTIMAL
    assert (plan.heat_stores[0].temperature_c[12:] >= 20 - 1e-6).all()


@pytest.mark.parametrize("seed", range(6))
def test_appliances_start_where_trying_every_start_is_cheapest(seed: int) -> None:
    """With sun and a battery; an appliance that runs at a given time is a contract to give that energy."""
    random = np.random.default_rng(200 + seed)
    file = random_file(random, 16) | {"slot_seconds": 900.0, "grid_limit_w": 30_000.0, "battery": battery()}
    profile = [300.0, 800.0, 200.0]
    earliest, deadline = 3, 14
    plan = plan_of(
        file | {"appliances": [{"profile_wh": profile, "earliest_slot": earliest, "deadline_slot": deadline}]}
    )
    costs = {}
    for start in range(earliest, deadline - len(profile) + 1):
        taken = np.zeros(16)
        taken[start : start + len(profile)] = profile
        costs[start] = plan_of(file | {"contracted_wh": (-taken).tolist()}).cost_neur
    assert plan.cost_neur == pytest.approx(min(costs.values()), rel=1e-6, abs=1e-3)
    assert plan.appliances[0].start_slot is not None
    assert costs[plan.appliances[0].start_slot] == pytest.approx(plan.cost_neur, rel=1e-6, abs=1e-3)


def test_what_is_contracted_flows_whatever_the_plan_is_and_counts_against_the_grids_limit() -> None:
    file = plain(battery=None, load_wh=[1000] * 4, pv_wh=[0] * 4, contracted_wh=[1500, 400, -500, 0], grid_limit_w=1500)
    plan = plan_of(file)
    assert plan.status is Status.OPTIMAL
    assert (plan.buy_wh - plan.sell_wh).tolist() == [-500, 600, 1500, 1000]
    assert plan_of(file | {"grid_limit_w": 999}).status is Status.RELAXED


def test_several_batteries_share_the_work() -> None:
    two = [battery(capacity_wh=3000, energy_wh=1500, power_w=1500, name=name) for name in ("old", "new")]
    plan = plan_of(plain(battery=None, batteries=two))
    one = plan_of(plain())
    assert plan.cost_neur == pytest.approx(one.cost_neur)
    assert [battery.name for battery in plan.batteries] == ["old", "new"]
    assert np.allclose(plan.energy_wh, sum(battery.energy_wh for battery in plan.batteries))


def test_wear_keeps_a_battery_still_where_it_would_cost_more_than_it_saves() -> None:
    file = plain(pv_wh=[0] * 4)
    assert plan_of(file).battery_wh.any()
    still = plan_of(file | {"battery": battery(wear_neur_per_wh=160_000)})
    assert not still.battery_wh.any()
    used = plan_of(file | {"battery": battery(wear_neur_per_wh=10_000)})
    assert used.wear_neur == pytest.approx(10_000 * np.abs(used.battery_wh).sum())
    bill = float(used.buy_wh @ np.array(file["buy_price_neur_per_wh"]))
    assert used.cost_neur == pytest.approx(bill + used.wear_neur)
