"""A home's two programs of a round, (4.4) before the gate and (4.6) after clearing, by the agents' planner."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from clients.household.planner.planner import Planner
from clients.household.planner.problem import Problem
from clients.household.planner.rolling import BatteryDay
from clients.household.planner.stages import flows, offers_wh, supplier_flow_wh
from clients.household.prices import ask_neur_per_wh, bid_neur_per_wh
from clients.household.terms import Terms
from studies.arrays import SLOT_SECONDS, SLOTS, Real
from studies.home import Home

# A house's connection (thesis: C^u, without a figure): the usual French 9 kVA.
GRID_LIMIT_W = 9_000
# By how much equal prices are told apart; below every difference that a tariff makes.
_SLOPE = 1e-2
# What a day's battery may move beyond its cycle, so that rounding doesn't make a plan impossible (Wh).
_ROUNDING_WH = 0.01


class Ties(StrEnum):
    """Which of many equally cheap plans a home takes; the thesis leaves it to its solver.

    ``late``: purchases wait and sales don't, as our agents do. ``early``: the other way round. ``spread``: every home
    has preferences of its own, by chance.
    """

    LATE = "late"
    EARLY = "early"
    SPREAD = "spread"


class Planned(NamedTuple):
    """Slots from the round's first on: what the battery gives, and the flow with the supplier (whole Wh)."""

    battery_wh: Real
    supplier_wh: list[int]


class HomePlanner:
    """Plans one home's day, round after round."""

    def __init__(self, home: Home, terms: Terms, planner: Planner, ties: Ties, random: np.random.Generator) -> None:
        self._home = home
        self._planner = planner
        lean = {
            Ties.LATE: np.arange(SLOTS) / SLOTS,
            Ties.EARLY: 1 - np.arange(SLOTS) / SLOTS,
            Ties.SPREAD: random.random(SLOTS),
        }[ties]
        slots, margin = range(SLOTS), home.margin_permille
        buy = np.array([float(terms.buy_price(slot)) for slot in slots])
        sell = np.array([float(terms.sell_price(slot)) for slot in slots])
        bid = np.array([float(bid_neur_per_wh(terms, slot, margin)) for slot in slots])
        ask = np.array([float(ask_neur_per_wh(terms, slot, margin)) for slot in slots])
        self.bid_neur_per_wh, self.ask_neur_per_wh = bid.astype(np.int64), ask.astype(np.int64)
        surplus = home.expected_pv_wh > home.expected_load_wh
        self._buy, self._sell = _told_apart(buy, sell, surplus, lean)
        self._bid, self._ask = _told_apart(bid, ask, surplus, lean)

    def offers_wh(self, first: int, slots: int, energy_wh: float, day: BatteryDay) -> list[int]:
        """(4.4): what to offer in the ``slots`` from ``first`` on, bought positive. A battery holds ``energy_wh``."""
        if self._home.battery is None:
            gap = self._home.expected_gap_wh[first : first + slots]
            return [int(np.trunc(wh)) for wh in gap]
        problem = self._problem(first, energy_wh, day)
        return offers_wh(self._planner, problem, self._bid[first:], self._ask[first:], range(slots))

    def planned(self, first: int, slots: int, energy_wh: float, day: BatteryDay, traded_wh: list[int]) -> Planned:
        """(4.6): the ``slots`` from ``first`` on around what was traded there."""
        traded = np.zeros(SLOTS - first)
        traded[: len(traded_wh)] = traded_wh
        if self._home.battery is None:
            supplier = self._home.expected_gap_wh[first : first + slots] - traded[:slots]
            return Planned(np.zeros(slots), [round(wh) for wh in supplier.tolist()])
        plan = flows(self._planner, self._problem(first, energy_wh, day), traded)
        return Planned(plan.battery_wh[:slots], supplier_flow_wh(plan)[:slots])

    def _problem(self, first: int, energy_wh: float, day: BatteryDay) -> Problem:
        home = self._home
        if home.battery is None:
            raise ValueError(f"{home.id} has no battery to plan")
        battery = day.rest(home.battery, min(max(energy_wh, home.battery.min_wh), home.battery.max_wh))
        if battery.max_throughput_wh is not None:
            battery = replace(battery, max_throughput_wh=battery.max_throughput_wh + _ROUNDING_WH)
        return Problem(
            load_wh=home.expected_load_wh[first:],
            pv_wh=home.expected_pv_wh[first:],
            buy_price_neur_per_wh=self._buy[first:],
            sell_price_neur_per_wh=self._sell[first:],
            slot_seconds=SLOT_SECONDS,
            grid_limit_w=GRID_LIMIT_W,
            batteries=(battery,),
            sell_only_surplus=True,
        )


def _told_apart(buy: Real, sell: Real, surplus: np.ndarray, lean: Real) -> tuple[Real, Real]:
    """Prices that no two slots share; and nobody plans to buy below what it sells its own surplus for."""
    sell = sell * (1 + _SLOPE * lean)
    buy = buy * (1 - _SLOPE * lean)
    return np.where(surplus, np.maximum(buy, sell), buy), sell
