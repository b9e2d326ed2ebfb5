"""A neighbourhood's simulated day: plans, offers, clearing, plans again, and then what really flows.

An hour's six books are cleared an hour before it begins (thesis 4.2.1), so a round plans with the battery as it will be
after what is planned already. Batteries then do what ``operate`` makes of a slot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from clients.household.planner.planner import Planner
from clients.household.terms import Terms
from studies.arrays import SLOTS, SLOTS_PER_HOUR, Real
from studies.auction import efficient_wh, trade
from studies.batteries import Batteries
from studies.day import Commitments, Day
from studies.home import Home
from studies.planning import HomePlanner, Ties

Operate = Callable[[Commitments, Batteries], Real]
"""What the batteries give in a slot, (homes,), within their limits."""


def as_planned(agreed: Commitments, batteries: Batteries) -> Real:
    """What was planned, to the last Wh; with perfect forecasts that is what was committed (chapters 4 and 5)."""
    return batteries.possible_wh(agreed.battery_wh)


def as_committed(agreed: Commitments, batteries: Batteries) -> Real:
    """The committed flow, as far as batteries can absorb what the forecast missed: what our agents set in a slot."""
    return np.where(batteries.has, batteries.possible_wh(agreed.net_load_wh - agreed.committed_wh), 0.0)


class Neighbourhood:
    """Homes and their terms on one day."""

    def __init__(
        self, homes: Sequence[Home], terms: Terms, planner: Planner, *, draw: int = 0, ties: Ties = Ties.LATE
    ) -> None:
        """``draw`` decides whatever is left to chance: between equal prices, and homes' own preferences."""
        self.homes = list(homes)
        self._terms = terms
        self._planner = planner
        self._draw = draw
        random = np.random.default_rng([draw, 2])
        self._plans = [HomePlanner(home, terms, planner, ties, random) for home in homes]
        self._names = [home.id for home in homes]
        self._bid = np.array([plan.bid_neur_per_wh for plan in self._plans]).T
        self._ask = np.array([plan.ask_neur_per_wh for plan in self._plans]).T
        self._gap_wh = np.array([home.gap_wh for home in homes]).T

    def live(self, *, market: bool, operate: Operate = as_planned, batteries: Batteries | None = None) -> Day:
        """The day with or without the market; ``batteries`` if they can do more than homes plan with."""
        batteries = Batteries(self.homes) if batteries is None else batteries
        day = _empty(len(self.homes), self._gap_wh)
        # Without a market and with forecasts that hold, planning anew changes nothing.
        length = SLOTS_PER_HOUR if market or self._surprising else SLOTS
        lived = range(0)
        for first in range(0, SLOTS, length):
            coming = range(first, first + length)
            self._round(day, batteries, lived, coming, market=market)
            self._live(day, batteries, lived, operate)
            lived = coming
        self._live(day, batteries, lived, operate)
        return day

    def efficient_wh(self, day: Day) -> int:
        """What the day's offers would have traded where demand crosses supply in every slot."""
        return sum(
            efficient_wh(day.offers_wh[slot].tolist(), self._bid[slot], self._ask[slot]) for slot in range(SLOTS)
        )

    @property
    def _surprising(self) -> bool:
        return any(not np.array_equal(home.gap_wh, home.expected_gap_wh) for home in self.homes)

    def _round(self, day: Day, batteries: Batteries, running: range, coming: range, *, market: bool) -> None:
        """Agree and plan the ``coming`` slots at the beginning of the ``running`` ones."""
        under_way = day.planned_wh[running.start : running.stop]
        energy_wh = batteries.energy_wh - under_way.sum(axis=0)
        days = [batteries.day_of(number, float(wh)) for number, wh in enumerate(np.abs(under_way).sum(axis=0))]
        first, slots = coming.start, len(coming)
        if market:
            offers = np.zeros((slots, len(self.homes)), np.int64)
            for number, (home, plan) in enumerate(zip(self.homes, self._plans, strict=True)):
                if home.trades:
                    offers[:, number] = plan.offers_wh(first, slots, float(energy_wh[number]), days[number])
            day.offers_wh[first : first + slots] = offers
            self._clear(day, coming)
        for number, plan in enumerate(self._plans):
            traded: list[int] = day.market_wh[first : first + slots, number].tolist()
            planned = plan.planned(first, slots, float(energy_wh[number]), days[number], traded)
            day.planned_wh[first : first + slots, number] = planned.battery_wh
            day.supplier_wh[first : first + slots, number] = planned.supplier_wh

    def _clear(self, day: Day, coming: range) -> None:
        for slot in coming:
            offered: list[int] = day.offers_wh[slot].tolist()
            traded = trade(self._names, offered, self._bid[slot], self._ask[slot], f"{self._draw}/{slot}")
            day.market_wh[slot], day.price_neur_per_wh[slot] = traded.energy_wh, traded.price_neur_per_wh

    def _live(self, day: Day, batteries: Batteries, slots: range, operate: Operate) -> None:
        for slot in slots:
            agreed = Commitments(
                slot,
                self._gap_wh[slot],
                day.planned_wh[slot],
                day.market_wh[slot],
                day.price_neur_per_wh[slot],
                day.supplier_wh[slot],
            )
            out_wh = operate(agreed, batteries)
            batteries.move(out_wh)
            day.battery_wh[slot], day.energy_wh[slot] = out_wh, batteries.energy_wh


def _empty(homes: int, gap_wh: Real) -> Day:
    shape = (SLOTS, homes)
    planned, battery, energy = (np.zeros(shape) for _ in range(3))
    offers, market, price, supplier = (np.zeros(shape, np.int64) for _ in range(4))
    return Day(gap_wh, offers, planned, market, price, supplier, battery, energy)
