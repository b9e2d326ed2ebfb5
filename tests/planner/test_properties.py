"""What holds for every plan, whatever the home."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.household.planner.limit import Limit
from clients.household.planner.plan import Plan, Status
from clients.household.planner.planner import Planner
from tests.planner.cases import File, problem_of

PLANNER = Planner()
EXACT_WH = 1e-6


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_subnormal=False).map(lambda value: round(value, 3))


@st.composite
def batteries(draw: st.DrawFn, *, starts_inside: bool = False) -> dict[str, Any]:
    capacity = draw(numbers(100, 20_000))
    low, high = sorted((draw(numbers(0, 1)), draw(numbers(0, 1))))
    band = (low * capacity, high * capacity) if starts_inside else (0.0, capacity)
    found = {
        "capacity_wh": capacity,
        "energy_wh": draw(st.floats(*band)),
        "min_soc": low,
        "max_soc": high,
        "power_w": draw(numbers(0, 10_000)),
        "charge_efficiency": draw(st.sampled_from([1.0, 0.95, 0.7])),
        "discharge_efficiency": draw(st.sampled_from([1.0, 0.9])),
        "wear_neur_per_wh": draw(st.sampled_from([0.0, 10_000.0])),
    }
    if draw(st.booleans()):
        found["max_cycles"] = draw(numbers(0, 2))
    if draw(st.booleans()):
        found["end_energy_wh"] = low * capacity + draw(numbers(0, 1)) * (high - low) * capacity
    return found


@st.composite
def files(draw: st.DrawFn, *, starts_inside: bool = False) -> File:
    slots = draw(st.integers(1, 12))

    def series(low: float, high: float) -> list[float]:
        return draw(st.lists(numbers(low, high), min_size=slots, max_size=slots))

    return {
        "slot_seconds": draw(st.sampled_from([60, 600, 3600])),
        "grid_limit_w": draw(st.sampled_from([0.0, 500.0, 3000.0, 30_000.0])),
        "load_wh": series(0, 3000),
        "pv_wh": series(0, 3000),
        "buy_price_neur_per_wh": series(0, 500_000),
        "sell_price_neur_per_wh": series(0, 500_000),
        "batteries": draw(st.lists(batteries(starts_inside=starts_inside), max_size=2)),
    }


def gave(plan: Plan) -> set[Limit]:
    return {relaxation.limit for relaxation in plan.relaxations}


@settings(max_examples=120, deadline=None)
@given(files())
def test_every_plan_balances_and_keeps_each_limit_that_it_does_not_say_gave(file: File) -> None:
    plan = PLANNER.plan(problem_of(file))
    hours = file["slot_seconds"] / 3600
    load, pv = np.array(file["load_wh"]), np.array(file["pv_wh"])
    bought = plan.buy_wh - plan.sell_wh + plan.battery_wh
    assert np.allclose(load - (pv - plan.unused_pv_wh), bought, rtol=0, atol=EXACT_WH)
    assert (plan.status is Status.OPTIMAL) == (not plan.relaxations)
    limit = np.inf if Limit.GRID in gave(plan) else file["grid_limit_w"] * hours
    for flow in (plan.buy_wh, plan.sell_wh):
        assert flow.min() >= 0
        assert flow.max() <= limit + 1e-4
    assert (plan.unused_pv_wh <= pv).all()
    assert Limit.PV in gave(plan) or plan.unused_pv_wh.sum() < 1e-3
    for one, given_battery in zip(plan.batteries, file["batteries"], strict=True):
        capacity = given_battery["capacity_wh"]
        low, high = given_battery["min_soc"] * capacity, given_battery["max_soc"] * capacity
        if Limit.STATE_OF_CHARGE in gave(plan):
            low, high = 0.0, capacity
        assert (one.energy_wh >= low - 1e-4).all()
        assert (one.energy_wh <= high + 1e-4).all()
        assert (np.abs(one.battery_wh) <= given_battery["power_w"] * hours).all()
        charge, discharge = np.maximum(-one.battery_wh, 0), np.maximum(one.battery_wh, 0)
        change = charge * given_battery["charge_efficiency"] - discharge / given_battery["discharge_efficiency"]
        energies = given_battery["energy_wh"] + np.cumsum(change)
        assert np.allclose(one.energy_wh, energies, rtol=0, atol=1e-4)
        if "max_cycles" in given_battery and Limit.CYCLES not in gave(plan):
            assert (charge + discharge).sum() <= 2 * capacity * given_battery["max_cycles"] + 1e-4


@settings(max_examples=80, deadline=None)
@given(files())
def test_no_plan_buys_and_sells_or_charges_and_discharges_in_one_slot(file: File) -> None:
    """Flows are given apart for the grid; a battery's energy shows that its one flow is all that went through it."""
    plan = PLANNER.plan(problem_of(file))
    assert not np.minimum(plan.buy_wh, plan.sell_wh).any()
    for one, given_battery in zip(plan.batteries, file["batteries"], strict=True):
        before = np.concatenate([[given_battery["energy_wh"]], one.energy_wh[:-1]])
        out = np.where(
            one.battery_wh > 0,
            one.battery_wh / given_battery["discharge_efficiency"],
            one.battery_wh * given_battery["charge_efficiency"],
        )
        assert np.allclose(before - one.energy_wh, out, rtol=0, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(files(starts_inside=True), st.data())
def test_more_room_never_costs_more(file: File, data: st.DataObject) -> None:
    """A larger grid limit, a better feed-in price, more power or more cycles; and cheaper supply."""
    plan = PLANNER.plan(problem_of(file))
    if plan.status is not Status.OPTIMAL:
        return
    wider = dict(file)
    change = data.draw(st.sampled_from(["grid", "sell", "buy", "power", "cycles"]))
    match change:
        case "grid":
            wider["grid_limit_w"] = file["grid_limit_w"] * 2 + 100
        case "sell":
            wider["sell_price_neur_per_wh"] = [price + 1000 for price in file["sell_price_neur_per_wh"]]
        case "buy":
            wider["buy_price_neur_per_wh"] = [price * 0.9 for price in file["buy_price_neur_per_wh"]]
        case "power":
            wider["batteries"] = [one | {"power_w": one["power_w"] + 500} for one in file["batteries"]]
        case "cycles":
            wider["batteries"] = [one | {"max_cycles": one.get("max_cycles", 1e3) + 1} for one in file["batteries"]]
    better = PLANNER.plan(problem_of(wider))
    assert better.status is Status.OPTIMAL
    assert better.cost_neur <= plan.cost_neur + 1e-6 * abs(plan.cost_neur) + 1.0
