"""The two programs of a round of the market: offers before the gate (4.4), flows after clearing (4.6)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clients.household.planner.plan import Plan
from clients.household.planner.planner import Planner
from clients.household.planner.problem import Problem
from clients.household.planner.vector import Vector

# A planned flow of a whole number of Wh less the solver's rounding still is that number.
_ROUNDING_WH = 1e-6


def offers_wh(
    planner: Planner, problem: Problem, bid_neur_per_wh: Vector, ask_neur_per_wh: Vector, slots: range
) -> list[int]:
    """What to offer in ``slots`` of the problem (from 0): positive = buy, negative = sell, in whole Wh.

    Program (4.4): the cheapest plan of the whole horizon if every offer were accepted at its limit price. What is
    contracted already (``problem.contracted_wh``) is not offered again. Offers are rounded here and nowhere else,
    towards zero: never more than is planned.

    Raises: PlanningFailed.
    """
    plan = planner.plan(replace(problem, buy_price_neur_per_wh=bid_neur_per_wh, sell_price_neur_per_wh=ask_neur_per_wh))
    net = plan.buy_wh - plan.sell_wh
    return [_towards_zero(float(net[slot])) for slot in slots]


def flows(planner: Planner, problem: Problem, traded_wh: Vector) -> Plan:
    """The battery's plan and the supplier's flow (``buy_wh``, ``sell_wh``) around what was traded, bought less sold.

    Program (4.6): at the supplier's prices, with ``traded_wh`` on top of what ``problem`` has contracted.

    Raises: PlanningFailed.
    """
    before = 0.0 if problem.contracted_wh is None else problem.contracted_wh
    return planner.plan(replace(problem, contracted_wh=before + traded_wh))


def supplier_flow_wh(plan: Plan) -> list[int]:
    """x_u of (6.1) for each slot of a plan of (4.6), in whole Wh; rounded here and nowhere else, to the nearest."""
    return [round(flow) for flow in (plan.buy_wh - plan.sell_wh).tolist()]


def _towards_zero(energy_wh: float) -> int:
    return int(np.copysign(np.floor(abs(energy_wh) + _ROUNDING_WH), energy_wh))
