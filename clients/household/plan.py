"""The plain battery rule: self-consumption around what is contracted, and what is left to trade (thesis 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_HOUR
from clients.household.battery import BatteryLimits
from clients.household.forecasting.forecast import SlotForecast
from clients.household.terms import Terms

PERMILLE = 1000
Permille = Annotated[int, Field(ge=0, le=PERMILLE)]
GRID_LIMIT_W = 17_250
"""A house's connection, unless its configuration says otherwise: three phases of 25 A."""


class PlannedSlot(NamedTuple):
    """One slot (Wh). ``flow_wh``: planned net flow x (positive = import) with what is contracted so far.

    ``wanted_wh``: what to trade beyond that, positive = buy, negative = sell. ``hold``: keep the battery's energy for
    dearer hours instead of covering the deficit. ``follow_wh``: the net flow to steer the meter to, where it is not
    just what is contracted. ``energy_wh``: what the battery holds after the slot. ``unused_pv_wh``: what of the sun
    nothing can take; the flow is then all that the connection lets out.
    """

    slot: int
    flow_wh: int
    wanted_wh: int
    hold: bool
    follow_wh: int | None = None
    energy_wh: int | None = None
    unused_pv_wh: int = 0

    @property
    def export_limit_w(self) -> int | None:
        """What may flow into the grid, where sun is left unused; None where nothing has to be held back."""
        return max(0, -self.flow_wh) * SLOTS_PER_HOUR if self.unused_pv_wh else None

    def within(self, limit_wh: int, contracted_wh: int, pv_wh: int) -> PlannedSlot:
        """The slot with at most ``limit_wh`` into the grid: what of the sun is beyond is left unused, and not sold."""
        over_wh = min(-limit_wh - self.flow_wh, pv_wh - self.unused_pv_wh)
        if over_wh <= 0:
            return self
        flow_wh = self.flow_wh + over_wh
        wanted_wh = self.wanted_wh if self.wanted_wh > 0 else min(0, max(self.wanted_wh, flow_wh - contracted_wh))
        follow_wh = None if self.follow_wh is None else max(self.follow_wh, flow_wh)
        unused_wh = self.unused_pv_wh + over_wh
        return self._replace(flow_wh=flow_wh, wanted_wh=wanted_wh, follow_wh=follow_wh, unused_pv_wh=unused_wh)

    def target_wh(self, contracted_wh: int) -> int:
        """The net flow that the battery steers the meter to; 0 is self-consumption (Wh)."""
        return contracted_wh if self.follow_wh is None else self.follow_wh


class Rule(Section):
    """Parameters of the rule.

    ``sell_permille``: the share of a forecast surplus that is offered; ``refill_permille``: what is sold in a slot is
    at most this share of the later surplus of the same day, which makes good what the battery gives where the forecast
    was wrong. ``reserve_permille``: the share of what dearer hours are forecast to need that is bought for them;
    ``hold_permille``: the share of that which is kept from being used before. ``assumed_fill_permille``: the share of
    the charging power that purchases in a later slot with a rebate are expected to bring.
    """

    sell_permille: Permille = 800
    refill_permille: Permille = 100
    reserve_permille: Permille = 800
    hold_permille: Permille = 600
    assumed_fill_permille: Permille = 100


def plan_without_battery(
    now: int, forecast: Sequence[SlotForecast], position: Callable[[int], int], slots: int
) -> list[PlannedSlot]:
    """Offer what is sure. ``position``: what is contracted for a slot, bought less sold (Wh)."""
    planned = []
    for index, expected in enumerate(forecast[:slots]):
        contracted = position(now + index)
        wanted = 0
        if expected.sure_deficit_wh > 0:
            wanted = max(0, expected.sure_deficit_wh - contracted)
        elif expected.sure_surplus_wh > 0:
            wanted = min(0, -expected.sure_surplus_wh - contracted)
        planned.append(PlannedSlot(now + index, expected.load_wh - expected.pv_wh, wanted, hold=False))
    return planned


def plan_with_battery(
    now: int,
    forecast: Sequence[SlotForecast],
    position: Callable[[int], int],
    slots: int,
    *,
    battery: BatteryLimits,
    has_pv: bool,
    energy_wh: int,
    terms: Terms,
    tradable: Container[int],
    rule: Rule,
) -> list[PlannedSlot]:
    """Simulate the battery over ``slots`` slots; the forecast beyond them says what dearer hours will need.

    ``tradable``: the slots for which some book is open.

    In each slot the battery steers the meter to what is contracted. A home without PV holds back the energy that
    dearer slots will need, and buys it where a rebate is posted; one with PV has the sun fill the battery.
    """
    reserves = [0] * slots if has_pv else _reserves_wh(now, forecast, slots, battery, terms, rule)
    later = later_surplus_wh(now, forecast, position)
    planned = []
    energy = energy_wh
    for index, expected in enumerate(forecast[:slots]):
        slot = now + index
        gap, contracted = expected.load_wh - expected.pv_wh, position(slot)
        stored, reserve = energy - battery.min_wh, reserves[index]
        missing = reserve - stored
        charge = missing > 0 and terms.of(slot).rebate_neur_per_wh > 0 and slot in tradable
        hold = gap - contracted > 0 and 0 < stored <= reserve * rule.hold_permille // PERMILLE
        out = battery.possible_wh(energy, 0 if hold else gap - contracted)
        flow = gap - out
        wanted = flow - contracted
        if wanted < 0:
            # Only own PV is sold: never more than the surplus over the load.
            most = min(expected.sure_surplus_wh * rule.sell_permille, later[index] * rule.refill_permille) // PERMILLE
            wanted = -min(-wanted, max(0, most + min(contracted, 0)))
        elif charge:
            wish = -battery.possible_wh(battery.after(energy, out), -missing)
            bought = min(wish, battery.slot_wh + min(out, 0))
            wanted += bought
            energy = battery.after(energy, -bought)
        energy = battery.after(energy, out)
        planned.append(PlannedSlot(slot, flow, wanted, hold, energy_wh=energy))
    return planned


def _reserves_wh(
    now: int, forecast: Sequence[SlotForecast], slots: int, battery: BatteryLimits, terms: Terms, rule: Rule
) -> list[int]:
    """For each slot, the energy that dearer slots after it will need beyond what comes in until then (Wh)."""
    usable = battery.max_wh - battery.min_wh
    by_price: dict[int, list[int]] = {}
    for price in {terms.buy_price(now + index) for index in range(slots)}:
        need, needs = 0, [0] * len(forecast)
        for index in range(len(forecast) - 1, -1, -1):
            needs[index] = need
            gap = forecast[index].load_wh - forecast[index].pv_wh
            if gap < 0:
                need += gap
            elif terms.buy_price(now + index) > price:
                need += min(gap, battery.slot_wh) * rule.reserve_permille // PERMILLE
            if terms.of(now + index).rebate_neur_per_wh:
                need -= battery.slot_wh * rule.assumed_fill_permille // PERMILLE
            need = max(0, min(usable, need))
        by_price[price] = needs
    return [by_price[terms.buy_price(now + index)][index] for index in range(slots)]


def later_surplus_wh(now: int, forecast: Sequence[SlotForecast], position: Callable[[int], int]) -> list[int]:
    """For each slot, the sure surplus of the slots after it until the sun is gone, less what of it is sold (Wh)."""
    later, surplus = 0, [0] * len(forecast)
    for index in range(len(forecast) - 1, -1, -1):
        surplus[index] = later
        expected = forecast[index]
        if not expected.pv_wh:
            later = 0
        elif expected.sure_surplus_wh:
            later += max(0, expected.sure_surplus_wh + min(0, position(now + index)))
    return surplus
