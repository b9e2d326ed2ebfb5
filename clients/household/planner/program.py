"""A home's program, (4.4) or (4.6): grid and PV here, each device by its own block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clients.household.planner.appliance import ApplianceBlock
from clients.household.planner.battery import BatteryBlock
from clients.household.planner.car import CarBlock
from clients.household.planner.heat_store import HeatBlock
from clients.household.planner.limit import Limit, Relaxation, Slack, relaxation_of
from clients.household.planner.model import Model
from clients.household.planner.plan import Plan, Status
from clients.household.planner.problem import Problem
from clients.household.planner.vector import Vector

# Flows below this are the solver's tolerance (Wh).
_NO_FLOW_WH = 1e-7


class Program:
    """The columns of a problem and what a solution of them means.

    ``elastic``: limits may give. ``exclusive``: binaries keep a slot from both buying and selling, and a battery from
    both charging and discharging, wherever the linear program alone might do both; see `overlaps`.
    """

    def __init__(self, problem: Problem, *, elastic: bool, exclusive: bool) -> None:
        self.problem = problem
        self.model = model = Model(elastic=elastic)
        slots, hours = problem.slots, problem.slot_hours
        contracted = np.zeros(slots) if problem.contracted_wh is None else problem.contracted_wh
        gap = problem.load_wh - problem.pv_wh - contracted
        # (4.4b): what flows through the meter beside what is contracted, and what the devices take and give.
        self.balance = balance = model.rows(slots, gap, gap)
        # (4.4d), (4.4e): the meter's whole flow stays within the grid's limit.
        limit = problem.grid_limit_w * hours
        most = [np.maximum(limit - contracted, 0.0), np.maximum(limit + contracted, 0.0)]
        if problem.sell_only_surplus:
            most[1] = np.minimum(most[1], problem.surplus_wh + np.maximum(contracted, 0.0))
        # No plan needs more than this, so that binaries have a bound where the limit gives.
        device_w = sum(battery.power_w for battery in problem.batteries)
        device_w += sum(car.power_w for car in problem.cars) + sum(store.power_w for store in problem.heat_stores)
        appliances_wh = sum(max(appliance.profile_wh) for appliance in problem.appliances)
        anything = problem.load_wh + problem.pv_wh + np.abs(contracted) + appliances_wh + device_w * hours
        prices = (problem.buy_price_neur_per_wh, -problem.earned_neur_per_wh)
        self.buy, self.sell = (
            model.soft_columns(
                Limit.GRID, "grid", slots, (0.0, upper), (0.0, anything + upper), neur_per_wh=price, moves=True
            )
            for upper, price in zip(most, prices, strict=True)
        )
        model.put(balance, self.buy, 1.0)
        model.put(balance, self.sell, -1.0)
        if exclusive:
            tempting = np.flatnonzero(self._tempting)
            bounds = [(anything + upper if elastic else upper)[tempting] for upper in most]
            model.exclusive(self.buy[tempting], bounds[0], self.sell[tempting], bounds[1])
        if elastic:
            unused = model.columns(slots, 0.0, problem.pv_wh)
            model.put(balance, unused, -1.0)
            model.slacks.append(Slack(Limit.PV, "PV", unused))
        self.batteries = [
            BatteryBlock(battery, model, balance, hours, exclusive=exclusive) for battery in problem.batteries
        ]
        self.cars = [CarBlock(car, model, balance, hours) for car in problem.cars]
        self.heat_stores = [HeatBlock(store, model, balance, hours) for store in problem.heat_stores]
        self.appliances = [ApplianceBlock(appliance, model, balance) for appliance in problem.appliances]

    @property
    def _tempting(self) -> NDArray[np.bool_]:
        """The slots in which buying to sell at once would pay: the linear program would, a meter can't."""
        return self.problem.earned_neur_per_wh > self.problem.buy_price_neur_per_wh

    def overlaps(self, x: Vector) -> bool:
        """Whether a solution both buys and sells in a slot, or both charges and discharges a battery, to its advantage.

        Elsewhere less of both costs no more and changes nothing else, so `plan` takes the difference.
        """
        both = np.minimum(x[self.buy], x[self.sell])[self._tempting]
        return bool((both > _NO_FLOW_WH).any()) or any(block.overlap_wh(x) > _NO_FLOW_WH for block in self.batteries)

    def relaxations(self, x: Vector) -> tuple[Relaxation, ...]:
        """The limits that a solution exceeds, in the order in which they give."""
        slacks = sorted(self.model.slacks, key=lambda slack: slack.limit)
        found = [relaxation_of(slack, x, self.problem.first_slot) for slack in slacks]
        return tuple(relaxation for relaxation in found if relaxation is not None)

    def plan(self, x: Vector, status: Status, conflict: tuple[Limit, ...]) -> Plan:
        """The plan that a solution means."""
        problem = self.problem
        net = x[self.buy] - x[self.sell]
        net[np.abs(net) < _NO_FLOW_WH] = 0.0
        buy, sell = np.maximum(net, 0.0), np.maximum(-net, 0.0)
        batteries = tuple(block.read(x) for block in self.batteries)
        wear = sum(block.wear_neur(plan) for block, plan in zip(self.batteries, batteries, strict=True))
        unused = np.zeros(problem.slots)
        for slack in self.model.slacks:
            if slack.limit is Limit.PV:
                unused = np.clip(x[slack.columns], 0.0, problem.pv_wh)
                unused[unused < _NO_FLOW_WH] = 0.0
        bill = float(buy @ problem.buy_price_neur_per_wh - sell @ problem.earned_neur_per_wh)
        return Plan(
            status=status,
            cost_neur=bill + wear,
            wear_neur=wear,
            buy_wh=buy,
            sell_wh=sell,
            battery_wh=_summed([plan.battery_wh for plan in batteries], problem.slots),
            energy_wh=_summed([plan.energy_wh for plan in batteries], problem.slots),
            unused_pv_wh=unused,
            batteries=batteries,
            cars=tuple(block.read(x) for block in self.cars),
            heat_stores=tuple(block.read(x) for block in self.heat_stores),
            appliances=tuple(block.read(x) for block in self.appliances),
            conflict=conflict,
            relaxations=self.relaxations(x),
        )


def _summed(vectors: list[Vector], slots: int) -> Vector:
    return np.sum(vectors, axis=0) if vectors else np.zeros(slots)
