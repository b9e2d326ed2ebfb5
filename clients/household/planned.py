"""The planned strategy: a home's linear programs (thesis 4.5), before each gate and after each clearing."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import numpy as np
from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.household.battery import BatteryLimits
from clients.household.forecasting.forecast import SlotForecast
from clients.household.plan import GRID_LIMIT_W, PERMILLE, Permille, PlannedSlot, later_surplus_wh
from clients.household.planner.battery import Battery
from clients.household.planner.plan import Plan
from clients.household.planner.planner import Planner
from clients.household.planner.problem import SECONDS_PER_HOUR, Problem
from clients.household.planner.rolling import BatteryDay
from clients.household.planner.solver import PlanningFailed
from clients.household.planner.vector import Vector, vector
from clients.household.prices import ask_neur_per_wh, bid_neur_per_wh
from clients.household.slot_records import BatteryMemory
from clients.household.strategy import Situation, Strategy

log = logging.getLogger(__name__)

# Wh of a slot that don't make another plan of it.
_SAME_WH = 2
# By how much a day's last slot is cheaper to buy in, and dearer to sell in, than its first. A purchase that waits may
# yet turn out needless, or be made on the market: so the battery is used first and charged last, and the sun fills it
# before any is sold. It outweighs the default wear, and no difference between prices that tariffs make.
_SLOPE = 1e-2


class DayEnd(StrEnum):
    """What the battery holds at midnight.

    ``worth``: what pays, a Wh being worth the supplier's price of the next slot. ``as_begun``: what it held at the
    day's beginning, e_T = e_0 of thesis 4.5.1.
    """

    WORTH = "worth"
    AS_BEGUN = "as_begun"


class PlanningSettings(Section):
    """What the linear programs are told beyond forecasts and prices.

    ``day_end``: what a day's plan leaves in the battery, see `DayEnd`.
    ``max_cycles``: full cycles a day. ``wear_neur_per_wh``: what a Wh in or out costs; it keeps energy from being moved
    for next to nothing. ``grid_limit_w``: the house's connection. Of what a plan sells, at most ``sell_permille`` of
    the sure surplus is offered, and at most ``refill_permille`` of the sure surplus that the day brings after it.
    """

    day_end: Annotated[DayEnd, Field(strict=False)] = DayEnd.WORTH
    max_cycles: Annotated[float, Field(gt=0, le=10)] = 1.0
    wear_neur_per_wh: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    grid_limit_w: Annotated[int, Field(ge=100, le=1_000_000)] = GRID_LIMIT_W
    sell_permille: Permille = 800
    refill_permille: Permille = 100


class Planned:
    """One home's. ``planner`` may be shared by all homes of a process; ``otherwise`` plans where the solver gives up.

    Two programs in a slot: (4.6) at the supplier's prices around what is contracted says how the battery runs and what
    the supplier will see; (4.4) with the limit prices where a book is open says what to trade beyond that.
    """

    def __init__(
        self,
        home: str,
        planner: Planner,
        settings: PlanningSettings,
        otherwise: Strategy,
        *,
        memory: BatteryMemory | None = None,
        remember: Callable[[BatteryMemory], None] | None = None,
    ) -> None:
        """``memory``: how far the battery's day had gone in an earlier process; ``remember`` is told how far it is."""
        self._home = home
        self._remember = remember
        self._planner = planner
        self._settings = settings
        self._otherwise = otherwise
        self._day = memory.day if memory else -1
        self._battery_day = BatteryDay(memory.start_wh, memory.moved_wh) if memory else BatteryDay(0.0)
        self._seen_wh = memory.seen_wh if memory else None
        self._steered: dict[int, PlannedSlot] = {}
        self._solved: dict[bytes, Plan] = {}
        self._told: set[tuple[str, ...]] = set()
        # See Strategy.
        self.relaxed: tuple[str, ...] = ()

    def __call__(self, situation: Situation) -> list[PlannedSlot]:
        """See Strategy."""
        first = situation.now + 1
        energy_wh = self._energy_after_running(situation)
        self._follow_day(first, situation.energy_wh, energy_wh)
        solved, self._solved = self._solved, {}
        try:
            planned = self._plan(situation, first, energy_wh, solved)
        except PlanningFailed as error:
            self.relaxed = (f"{error}; the plain rule goes on",)
            self._tell(("failed",), *self.relaxed)
            return self._otherwise(situation)
        self._steered = {entry.slot: entry for entry in (*planned[:1], *self._steered.values())}
        for old in [slot for slot in self._steered if slot < situation.now]:
            del self._steered[old]
        return planned

    def throughput_left_wh(self, battery: BatteryLimits) -> float:
        """See Strategy."""
        left = self._battery_day.rest(_battery(battery, self._settings), float(battery.min_wh)).max_throughput_wh
        return math.inf if left is None else left

    def _energy_after_running(self, situation: Situation) -> int:
        """What the battery will hold when the running slot ends, as it is steered (Wh)."""
        expected, position = situation.forecast[0], situation.position(situation.now)
        gap = expected.load_wh - expected.pv_wh
        steered = self._steered.get(situation.now)
        target = steered.target_wh(position) if steered is not None else position
        wish = 0 if steered is not None and steered.hold else gap - target
        battery = situation.battery
        return battery.after(situation.energy_wh, battery.possible_wh(situation.energy_wh, wish))

    def _follow_day(self, first: int, now_wh: int, energy_wh: int) -> None:
        """Count what has flowed, and begin the day anew at midnight."""
        if self._seen_wh is not None:
            self._battery_day = self._battery_day.after(now_wh - self._seen_wh)
        self._seen_wh = now_wh
        if first // SLOTS_PER_DAY != self._day:
            self._day = first // SLOTS_PER_DAY
            self._battery_day = BatteryDay(float(energy_wh))
            self._told.clear()
        if self._remember is not None:
            day = self._battery_day
            self._remember(BatteryMemory(self._day, day.start_energy_wh, day.moved_wh, now_wh))

    def _plan(self, situation: Situation, first: int, energy_wh: int, solved: dict[bytes, Plan]) -> list[PlannedSlot]:
        settings, limits = self._settings, situation.battery
        planned: list[PlannedSlot] = []
        later_wh = later_surplus_wh(situation.now, situation.forecast, situation.position)
        last = max(first + 1, situation.now + situation.slots)
        begin, day, start_wh = first, self._battery_day, energy_wh
        whole = _battery(limits, settings)
        while begin < last:
            end = (begin // SLOTS_PER_DAY + 1) * SLOTS_PER_DAY
            if situation.last_slot is not None and situation.last_slot >= begin:
                end = min(end, situation.last_slot + 1)
            slots = range(begin, end)
            battery = day.rest(whole, float(start_wh))
            flows = self._solve(_problem(situation, slots, battery, settings, offering=False), solved)
            offers = flows
            if begin == first:
                self.relaxed = flows.relaxed
            if any(slot in situation.tradable for slot in slots):
                offers = self._offers(situation, slots, battery, solved)
            planned += self._slots(situation, range(begin, min(end, last)), flows, offers, start_wh, later_wh)
            start_wh = round(float(flows.energy_wh[-1]))
            begin, day = end, BatteryDay(day.start_energy_wh)
        return planned

    def _offers(self, situation: Situation, slots: range, battery: Battery, solved: dict[bytes, Plan]) -> Plan:
        """(4.4); of what it buys, what a house buys too that needs as much less as the forecast may be too high."""
        problem = _problem(situation, slots, battery, self._settings, offering=True)
        offers = self._solve(problem, solved)
        if not any(situation.less_wh) or not offers.buy_wh.any():
            return offers
        less_wh = vector(situation.less_wh[slots.start - situation.now : slots.stop - situation.now])
        load_wh = np.maximum(problem.load_wh - less_wh, 0.0)
        sunnier = problem.pv_wh + np.maximum(less_wh - problem.load_wh, 0.0)
        needs_less = self._solve(replace(problem, load_wh=load_wh, pv_wh=sunnier), solved)
        return replace(offers, buy_wh=np.minimum(offers.buy_wh, needs_less.buy_wh))

    def _solve(self, problem: Problem, solved: dict[bytes, Plan]) -> Plan:
        """A plan, or the one that was made for just this problem before."""
        arrays = (problem.load_wh, problem.pv_wh, problem.buy_price_neur_per_wh, problem.sell_price_neur_per_wh)
        contracted = problem.contracted_wh if problem.contracted_wh is not None else np.zeros(0)
        rest = repr((problem.first_slot, problem.batteries)).encode()
        key = b"|".join([*(array.tobytes() for array in (*arrays, contracted)), rest])
        plan = solved.get(key) or self._solved.get(key)
        if plan is None:
            plan = self._planner.plan(problem)
            limits = tuple(relaxation.limit.field for relaxation in plan.relaxations)
            self._tell(limits, "; ".join(plan.relaxed))
        self._solved[key] = plan
        return plan

    def _tell(self, kind: tuple[str, ...], text: str) -> None:
        """Log what a plan could not hold, once a day for the same limits: the house goes on with what is left of it."""
        if kind and kind not in self._told:
            self._told.add(kind)
            log.warning("%s: %s", self._home, text)

    def _slots(
        self,
        situation: Situation,
        slots: range,
        flows: Plan,
        offers: Plan,
        start_wh: int,
        later_wh: Sequence[int],
    ) -> list[PlannedSlot]:
        planned = []
        energy = start_wh
        for index, slot in enumerate(slots):
            ahead = slot - situation.now
            expected, contracted = situation.forecast[ahead], situation.position(slot)
            out = round(float(flows.battery_wh[index]))
            unused = round(float(flows.unused_pv_wh[index]))
            used = expected._replace(pv_wh=expected.pv_wh - unused)
            entry = _steered(situation.battery, slot, used, contracted, out, energy)
            wanted = int(offers.buy_wh[index] - offers.sell_wh[index])
            if wanted < 0:
                sure = min(
                    expected.sure_surplus_wh * self._settings.sell_permille,
                    later_wh[ahead] * self._settings.refill_permille,
                )
                wanted = -min(-wanted, max(0, sure // PERMILLE + min(contracted, 0)))
            energy = round(float(flows.energy_wh[index]))
            planned.append(entry._replace(wanted_wh=wanted, energy_wh=energy, unused_pv_wh=unused))
        return planned


def _battery(limits: BatteryLimits, settings: PlanningSettings) -> Battery:
    """The battery for a whole day."""
    capacity = float(limits.capacity_wh or limits.max_wh)
    battery = Battery(
        capacity_wh=capacity,
        energy_wh=float(limits.min_wh),
        power_w=float(limits.slot_wh * SLOTS_PER_HOUR),
        min_soc=limits.min_wh / capacity,
        max_soc=limits.max_wh / capacity,
        charge_efficiency=limits.efficiency_permille / PERMILLE,
        wear_neur_per_wh=float(settings.wear_neur_per_wh),
    )
    return replace(battery, max_throughput_wh=battery.cycles_wh(settings.max_cycles))


def _problem(
    situation: Situation, slots: range, battery: Battery, settings: PlanningSettings, *, offering: bool
) -> Problem:
    """(4.6) at the supplier's prices; ``offering``: (4.4), at the home's limit prices where a book is open."""
    terms, margin = situation.terms, situation.margin_permille
    buy, sell = np.zeros(len(slots)), np.zeros(len(slots))
    for index, slot in enumerate(slots):
        buy[index], sell[index] = terms.buy_price(slot), terms.sell_price(slot)
        if offering and slot in situation.tradable:
            buy[index], sell[index] = bid_neur_per_wh(terms, slot, margin), ask_neur_per_wh(terms, slot, margin)
    if settings.day_end is DayEnd.WORTH:
        worth = terms.buy_price(slots.stop) * (1.0 - _SLOPE) - settings.wear_neur_per_wh
        battery = replace(battery, end_worth_neur_per_wh=max(0.0, worth))
    slope = _SLOPE * (np.arange(slots.start, slots.stop) % SLOTS_PER_DAY) / SLOTS_PER_DAY
    sell = sell * (1.0 + slope)
    # What can't be bought below what others ask is not counted on, and no home buys what it sells in the same slot.
    buy = np.maximum(buy * (1.0 - slope), sell)
    forecast = situation.forecast[slots.start - situation.now : slots.stop - situation.now]
    return Problem(
        load_wh=vector([expected.load_wh for expected in forecast]),
        pv_wh=vector([expected.pv_wh for expected in forecast]),
        buy_price_neur_per_wh=buy,
        sell_price_neur_per_wh=sell,
        slot_seconds=SECONDS_PER_HOUR / SLOTS_PER_HOUR,
        grid_limit_w=float(settings.grid_limit_w),
        contracted_wh=_contracted(situation, slots),
        batteries=(battery,),
        sell_only_surplus=True,
        first_slot=slots.start,
    )


def _contracted(situation: Situation, slots: range) -> Vector:
    return vector([situation.position(slot) for slot in slots])


def _steered(
    battery: BatteryLimits, slot: int, expected: SlotForecast, contracted: int, out: int, energy_wh: int
) -> PlannedSlot:
    """How a slot is steered so that what the plan means holds, even where the forecast does not.

    A slot with contracts ends at its commitment: at the planned flow, which is what is contracted and what the supplier
    is told of (6.1). Without contracts nobody is promised anything: where the plan is to buy on purpose, that flow is
    followed, and elsewhere the house consumes its own, which does not sell stored energy to the supplier when the sun
    fails.
    """
    gap = expected.load_wh - expected.pv_wh
    flow_wh = gap - out
    if contracted:
        return PlannedSlot(slot, flow_wh, 0, hold=False, follow_wh=flow_wh)
    natural_wh = gap - battery.possible_wh(energy_wh, gap)
    if abs(flow_wh - natural_wh) <= _SAME_WH:
        return PlannedSlot(slot, natural_wh, 0, hold=False)
    hold = gap > 0 and abs(out) <= _SAME_WH
    return PlannedSlot(slot, flow_wh, 0, hold, follow_wh=None if hold else flow_wh)
