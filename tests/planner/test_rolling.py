"""A day of the thesis: 33 homes, two prices, hour after hour with what is left of the day's cycle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clients.household.planner.battery import Battery
from clients.household.planner.plan import Status
from clients.household.planner.planner import Planner
from clients.household.planner.problem import Problem
from clients.household.planner.rolling import BatteryDay
from clients.household.planner.stages import flows, offers_wh, supplier_flow_wh
from clients.household.planner.vector import vector
from emulator.dataset import HomeRow, builtin
from tests.planner.reference import least_cost

SLOTS = 144
PER_HOUR = 6
# Thesis 4.6.1: 15 until 5 pm, 45 from then to 11 pm; one flat feed-in tariff below both.
BUY = np.where((np.arange(SLOTS) >= 17 * PER_HOUR) & (np.arange(SLOTS) < 23 * PER_HOUR), 450_000.0, 150_000.0)
SELL = np.full(SLOTS, 60_000.0)
LIMIT_W = 9_000
PLANNER = Planner()
BATTERY = Battery(6000, 3000, 3000, max_throughput_wh=12_000)


def problem_of(home: HomeRow, day: str, battery: Battery | None = BATTERY) -> Problem:
    data = builtin()
    slots = slice(data.day_index(day) * SLOTS, (data.day_index(day) + 1) * SLOTS)
    load = vector(data.load_w[home.id][slots]) / PER_HOUR
    pv = np.zeros(SLOTS)
    if home.pv_wp:
        pv = vector(data.pv_w_per_kwp[home.pv_curve][slots]) * home.pv_wp / 1000 / PER_HOUR
    return Problem(load, pv, BUY, SELL, 600, LIMIT_W, batteries=() if battery is None else (battery,))


def rest_of(problem: Problem, first: int, battery: Battery, prices: tuple[np.ndarray, np.ndarray]) -> Problem:
    return replace(
        problem,
        load_wh=problem.load_wh[first:],
        pv_wh=problem.pv_wh[first:],
        buy_price_neur_per_wh=prices[0][first:],
        sell_price_neur_per_wh=prices[1][first:],
        batteries=(battery,),
    )


@pytest.mark.parametrize(("day", "every"), [("06-15", 1), ("01-15", 4)])
def test_the_thesiss_homes_plan_their_day_at_the_independent_solvers_cost(day: str, every: int) -> None:
    for number, home in enumerate(builtin().homes[::every]):
        capacity = (3000.0, 6000.0, 9000.0)[number % 3]
        battery = Battery(capacity, capacity / 2, 3000, max_throughput_wh=2 * capacity) if home.battery_wh else None
        problem = problem_of(home, day, battery)
        plan = PLANNER.plan(problem)
        file = {
            "slot_seconds": 600,
            "grid_limit_w": LIMIT_W,
            "load_wh": problem.load_wh.tolist(),
            "pv_wh": problem.pv_wh.tolist(),
            "buy_price_neur_per_wh": BUY.tolist(),
            "sell_price_neur_per_wh": SELL.tolist(),
        }
        if battery:
            file["battery"] = {"capacity_wh": capacity, "energy_wh": capacity / 2, "min_soc": 0.2, "max_soc": 0.8}
            file["battery"] |= {"power_w": 3000, "max_cycles": 1}
        assert plan.status is Status.OPTIMAL
        assert plan.cost_neur == pytest.approx(least_cost(file), rel=1e-6), home.id


def homes_with(*, pv: bool) -> HomeRow:
    return next(home for home in builtin().homes if home.battery_wh and bool(home.pv_wp) is pv)


@pytest.mark.parametrize("pv", [True, False])
def test_planning_anew_each_hour_lives_the_day_that_was_planned_in_the_morning(pv: bool) -> None:
    """With perfect forecasts, as the thesis assumes; and e_T = e_0 and the cycle hold over the day, not each plan."""
    problem = problem_of(homes_with(pv=pv), "06-15")
    day, energy, cost = BatteryDay(start_energy_wh=3000), 3000.0, 0.0
    for first in range(0, SLOTS, PER_HOUR):
        plan = PLANNER.plan(rest_of(problem, first, day.rest(BATTERY, energy), (BUY, SELL)))
        assert plan.status is Status.OPTIMAL
        hour = slice(first, first + PER_HOUR)
        cost += float(plan.buy_wh[:PER_HOUR] @ BUY[hour])
        cost -= float(plan.sell_wh[:PER_HOUR] @ problem.earned_neur_per_wh[hour])
        for flow in plan.battery_wh[:PER_HOUR]:
            day = day.after(float(flow))
        energy = float(plan.energy_wh[PER_HOUR - 1])
    assert cost == pytest.approx(PLANNER.plan(problem).cost_neur, rel=1e-6)
    assert energy == pytest.approx(3000)
    assert day.moved_wh <= 12_000 + 1e-3


def test_a_day_whose_cycle_is_used_up_and_whose_forecast_failed_still_has_a_plan() -> None:
    """Empty at eight in the evening, with no throughput left: it can't come back to e_0 and says so."""
    day = BatteryDay(start_energy_wh=3000, moved_wh=12_500)
    battery = day.rest(BATTERY, 1200)
    assert battery.max_throughput_wh == 0
    plan = PLANNER.plan(rest_of(problem_of(homes_with(pv=False), "06-15"), 120, battery, (BUY, SELL)))
    assert plan.status is Status.RELAXED
    assert [relaxation.limit.field for relaxation in plan.relaxations] == ["max_cycles"]
    assert plan.energy_wh[-1] == pytest.approx(3000, abs=1e-4)


def test_offers_are_whole_wh_of_the_coming_slots_and_never_more_than_planned() -> None:
    problem = problem_of(homes_with(pv=True), "06-15")
    bids, asks = BUY * 0.9, SELL * 1.2
    offers = offers_wh(PLANNER, problem, bids, asks, range(60, 66))
    plan = PLANNER.plan(replace(problem, buy_price_neur_per_wh=bids, sell_price_neur_per_wh=asks))
    planned = (plan.buy_wh - plan.sell_wh)[60:66]
    assert len(offers) == 6
    assert any(offers)
    for offer, flow in zip(offers, planned.tolist(), strict=True):
        assert isinstance(offer, int)
        assert abs(offer) <= abs(flow) + 1e-6
        assert abs(flow) - abs(offer) < 1
        assert offer * flow >= 0


def test_what_is_contracted_is_not_offered_again() -> None:
    problem = problem_of(homes_with(pv=True), "06-15", battery=None)
    first = offers_wh(PLANNER, problem, BUY, SELL, range(SLOTS))
    again = offers_wh(PLANNER, replace(problem, contracted_wh=vector(first)), BUY, SELL, range(SLOTS))
    assert not any(again)


def test_after_clearing_the_supplier_gets_what_the_market_did_not_take() -> None:
    """(4.6): half of what was offered is traded, and the plan around it balances."""
    problem = problem_of(homes_with(pv=True), "06-15")
    offered = vector(offers_wh(PLANNER, problem, BUY, SELL, range(SLOTS)))
    traded = np.trunc(offered / 2)
    plan = flows(PLANNER, problem, traded)
    assert plan.status is Status.OPTIMAL
    gap = problem.load_wh - problem.pv_wh
    assert np.allclose(traded + plan.buy_wh - plan.sell_wh + plan.battery_wh, gap)
    supplier = supplier_flow_wh(plan)
    assert np.abs(vector(supplier) - (plan.buy_wh - plan.sell_wh)).max() <= 0.5
    # Traded at the supplier's own prices, it would have changed nothing.
    paid = float(np.maximum(traded, 0) @ BUY - np.maximum(-traded, 0) @ problem.earned_neur_per_wh)
    assert plan.cost_neur + paid == pytest.approx(PLANNER.plan(problem).cost_neur, rel=1e-6)
