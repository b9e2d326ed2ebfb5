"""One home's agent: what it has seen and contracted, and what it decides to do. No clock, no network."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from clients.common.configuration import Section
from clients.household.account import Account, LiveOrder
from clients.household.battery import BatteryLimits
from clients.household.forecast import Forecaster, SlotForecast
from clients.household.forecast_errors import ForecastErrors
from clients.household.measurements import SLOTS_PER_DAY, SLOTS_PER_HOUR, Measurements
from clients.household.offers import BookKey, Offers, OpenBook
from clients.household.plan import PlannedSlot, plan_without_battery
from clients.household.reason import Reason
from clients.household.strategy import Situation, Strategy
from clients.household.terms import Terms
from wire.asset import DeclareAvailability
from wire.market import CancelOrder, PlaceOrder, Side
from wire.mqtt import Mode
from wire.settlement import DeclareFlow

# Availability is declared in steps, above the forecast, so that it need not be declared again for every change.
_AVAILABILITY_STEP_WH = 50
_MAX_DECLARED_SLOTS = 144
# Wh that a follow set point and the plan may differ by before it is sent again.
_SAME_FLOW_WH = 5


# A home that has not been seen for so long (half an hour) offers nothing.
_OLDEST_TELEMETRY_SLOTS = 3


class Steering(NamedTuple):
    """What the battery should do in a slot: a set point without its sequence number."""

    slot: int
    mode: Mode
    power_w: int | None = None
    grid_wh: int | None = None


class Decision(NamedTuple):
    """What to send in a slot: first the availability that backs asks, then the orders."""

    availability: tuple[DeclareAvailability, ...]
    orders: tuple[PlaceOrder | CancelOrder, ...]


class Habits(Section):
    """What a home does besides offering.

    ``availability_slots``: how many slots one declaration covers at least. ``declare_always``: declare the supplier
    flow of every slot, not only of those with contracts, where alone it counts for the reward.
    """

    availability_slots: Annotated[int, Field(ge=1, le=_MAX_DECLARED_SLOTS)] = 36
    declare_always: bool = True


class Home:
    """The agent of one home. It decides; others carry out, and report results back to ``account``."""

    def __init__(
        self,
        home_id: str,
        account: Account,
        measurements: Measurements,
        forecaster: Forecaster,
        offers: Offers,
        strategy: Strategy,
        habits: Habits,
        *,
        battery: BatteryLimits | None,
        has_pv: bool,
    ) -> None:
        self.id = home_id
        self.account = account
        self.measurements = measurements
        self.battery = battery
        self.has_pv = has_pv
        self.plan: dict[int, PlannedSlot] = {}
        self.asked_wh: dict[int, int] = {}
        self.errors = ForecastErrors()
        self._forecast: list[SlotForecast] = []
        self._planned_around: tuple[int, int] | None = None
        self._forecaster = forecaster
        self._offers = offers
        self._strategy = strategy
        self._habits = habits

    def decide(self, terms: Terms, now: int) -> Decision:
        """Plan anew in slot ``now`` and say what to declare, place, replace and cancel."""
        account = self.account
        for key in [k for k in account.orders if terms.gate_slot(terms.products[k[0]], k[1]) <= now]:
            del account.orders[key]
        books = self.make_plan(terms, now)
        if account.suspended:
            return Decision((), ())
        wanted: dict[BookKey, LiveOrder] = {}
        if not account.debts and self.measurements.age_slots(now) <= _OLDEST_TELEMETRY_SLOTS:
            wanted = self._offers.wanted(terms, books, self.plan.values(), account)
            self._fit_budget(wanted)
        vdg = terms.grid.vdg
        # A debtor can't place, but may cancel; so should who doesn't see its home any more.
        orders: list[PlaceOrder | CancelOrder] = [
            CancelOrder(vdg, *key) for key in account.orders if key not in wanted and key not in account.under_way
        ]
        for key, order in wanted.items():
            standing = account.orders.get(key)
            if key not in account.under_way and (standing is None or self._offers.moved(standing, order)):
                orders.append(PlaceOrder(vdg, *key, order.side, order.energy_wh, order.price_neur_per_wh))
        # What opens money or availability goes first, then what closes first; the rest has time until the next slot.
        sent = tuple(orders[: self._offers.rules.orders_a_slot])
        return Decision(self._availability(terms, now, wanted), sent)

    def make_plan(self, terms: Terms, now: int) -> list[OpenBook]:
        """Forecast and plan the slots from ``now`` (running) on with what is contracted; returns the open books."""
        account = self.account
        books = self.open_books(terms, now)
        tradable = {slot for book in books for slot in book.slots}
        slots = 2 + max(tradable, default=now) - now
        # To the end of the last day that is planned, and of today at least.
        day_end = SLOTS_PER_DAY - (now + slots) % SLOTS_PER_DAY
        far = max(slots + day_end, SLOTS_PER_DAY) if self.battery else max(slots, self._habits.availability_slots + 2)
        self._forecast = self._forecaster(self.measurements, now, far)
        self.errors.compare(self.measurements)
        if self.measurements.age_slots(now) <= _OLDEST_TELEMETRY_SLOTS:
            self.errors.remember(now, self._forecast)
        if self.battery is None:
            planned = plan_without_battery(now, self._forecast, account.position_wh, slots)
        else:
            energy = self.measurements.battery_wh
            situation = Situation(
                now,
                slots,
                self._forecast,
                account.position_wh,
                terms,
                tradable,
                self.battery,
                self.has_pv,
                self.battery.min_wh if energy is None else energy,
                self._offers.margin_permille,
                self._offers.rules.last_slot,
            )
            planned = self._strategy(situation)
        self.plan = {entry.slot: entry for entry in planned}
        self._planned_around = (now + 1, account.position_wh(now + 1))
        return books

    def outdated(self, slot: int) -> bool:
        """Whether the next slot's contracts are others than those that the plan was made around."""
        return self._planned_around != (slot, self.account.position_wh(slot))

    def open_books(self, terms: Terms, now: int) -> list[OpenBook]:
        """The books that the home trades in during slot ``now``."""
        return self._offers.open_books(terms, now)

    def expected(self, slot: int, now: int) -> SlotForecast | None:
        """What was forecast for a slot when the plan was made in slot ``now``; None beyond its horizon."""
        return self._forecast[slot - now] if 0 <= slot - now < len(self._forecast) else None

    def why_not(self, terms: Terms, book: OpenBook, now: int) -> Reason:
        """Why the last decision, made in slot ``now``, offered nothing in a book."""
        if self.account.suspended:
            return Reason.SUSPENDED
        if self.account.debts:
            return Reason.IN_DEBT
        if self.measurements.age_slots(now) > _OLDEST_TELEMETRY_SLOTS:
            return Reason.UNHEARD
        return self._offers.why_not(terms, book, self.plan, self.account)

    @property
    def throughput_left_wh(self) -> float:
        """How much may still flow in and out of the battery today, by its cycles; 0 without a battery."""
        return 0.0 if self.battery is None else self._strategy.throughput_left_wh(self.battery)

    def steering(self, slot: int) -> Steering | None:
        """What the battery should do in a slot; None where plain self-consumption is right.

        What real-time control asks for a slot (``asked_wh``, net flow) comes before the plan.
        """
        if self.battery is None:
            return None
        if slot in self.asked_wh:
            return Steering(slot, "follow", grid_wh=self.asked_wh[slot])
        planned = self.plan.get(slot)
        if planned is None:
            return None
        if planned.hold:
            # Held back from covering the deficit; what was bought above the load may still charge it.
            return Steering(slot, "power", power_w=0)
        target_wh = planned.target_wh(self.account.position_wh(slot))
        return Steering(slot, "follow", grid_wh=target_wh) if target_wh else None

    def correction(self, sent: Steering | None, now: int) -> Steering | None:
        """What to set in the running slot so that it ends where ``sent`` meant; None where it does, or can't.

        A slot that is heading elsewhere although the battery could do better has not heard its set point, which is
        sent again. Energy that was to be held back needn't be where the sun is stronger than the load.
        """
        running, energy_wh = self.measurements.running, self.measurements.battery_wh
        if sent is None or self.battery is None or running is None or running.slot != now or energy_wh is None:
            return None
        if sent.mode == "power" and sent.power_w == 0 and running.gap_w < 0:
            return Steering(now, "self")
        if sent.mode != "follow" or sent.grid_wh is None:
            return None
        # What the battery gives in the rest of the slot as it runs, and what it lacks of what it would have to.
        gives = running.battery_w / SLOTS_PER_HOUR * running.left
        lacks = running.flow_wh - sent.grid_wh
        better = self.battery.reachable_wh(energy_wh, round(gives + lacks), running.left)
        return sent if abs(better - gives) > _SAME_FLOW_WH else None

    def declaration(self, terms: Terms, slot: int) -> DeclareFlow | None:
        """x_u of (6.1) for a planned slot, unless it stands declared already or would count for nothing."""
        planned, account = self.plan.get(slot), self.account
        if planned is None or account.suspended:
            return None
        contracted = account.position_wh(slot)
        if not contracted and not self._habits.declare_always:
            return None
        rest = planned.flow_wh - contracted
        declared = account.supplier_flow_wh.get(slot)
        if declared is not None and abs(declared - rest) <= _SAME_FLOW_WH:
            return None
        return DeclareFlow(terms.grid.vdg, slot, rest)

    def _fit_budget(self, wanted: dict[BookKey, LiveOrder]) -> None:
        """Cut bids to what free money can back, where money ran short; those first that close first."""
        left = self.account.budget_neur
        if left is None:
            return
        for key, order in list(wanted.items()):
            standing = self.account.orders.get(key)
            backed = standing.escrow_neur if standing else 0
            energy = min(order.energy_wh, (backed + left) // order.price_neur_per_wh)
            if order.side is Side.SIDE_ASK or energy == order.energy_wh:
                left -= max(0, order.escrow_neur - backed)
            elif energy < self._offers.rules.min_offer_wh:
                del wanted[key]
            else:
                wanted[key] = order._replace(energy_wh=energy)
                left -= max(0, wanted[key].escrow_neur - backed)

    def _availability(
        self, terms: Terms, now: int, wanted: dict[BookKey, LiveOrder]
    ) -> tuple[DeclareAvailability, ...]:
        """Declarations for runs of slots, where some ask needs more than stands declared."""
        account = self.account
        needed: dict[int, int] = {}
        for (product, first), order in wanted.items():
            if order.side is Side.SIDE_ASK:
                slots = terms.products[product].block_slots
                for slot in range(first, first + slots):
                    contracted = account.contracted_wh(slot, Side.SIDE_ASK)
                    needed[slot] = needed.get(slot, contracted) + -(-order.energy_wh // slots)
        short = sorted(slot for slot, energy in needed.items() if energy > account.declared_wh.get(slot, 0))
        declarations = []
        while short:
            first = short[0]
            count = max(
                self._habits.availability_slots, 1 + max(s for s in short if s < first + _MAX_DECLARED_SLOTS) - first
            )
            energies = tuple(self._declared_wh(slot, now, needed.get(slot, 0)) for slot in range(first, first + count))
            declarations.append(DeclareAvailability(terms.grid.vdg, first, energies))
            short = [slot for slot in short if slot >= first + count]
        return tuple(declarations)

    def _declared_wh(self, slot: int, now: int, needed_wh: int) -> int:
        """What to declare for a slot: generously above the forecast, never less than stands declared."""
        ahead = slot - now
        pv = self._forecast[ahead].pv_wh if ahead < len(self._forecast) else 0
        generous = -(-pv * 3 // 2 // _AVAILABILITY_STEP_WH) * _AVAILABILITY_STEP_WH
        energy = min(self.account.capacity_wh, max(generous, needed_wh))
        return max(energy, self.account.declared_wh.get(slot, 0))
