"""One home's agent: what it has seen and contracted, and what it decides to do. No clock, no network."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.household.account import Account, LiveOrder
from clients.household.availability import MAX_DECLARED_SLOTS, declarations
from clients.household.battery import BatteryLimits
from clients.household.flexible.loads import Around, FlexibleLoads
from clients.household.forecasting.errors import ForecastErrors
from clients.household.forecasting.forecast import Forecaster, SlotForecast
from clients.household.measurements import Measurements
from clients.household.offers import BookKey, Offers, OpenBook
from clients.household.person.wishes import Wishes
from clients.household.plan import GRID_LIMIT_W, PlannedSlot, plan_without_battery
from clients.household.reason import Reason
from clients.household.shading import shaded, shades
from clients.household.steering import SAME_FLOW_WH, Steering, Store, corrected, steering_of
from clients.household.strategy import Situation, Strategy
from clients.household.terms import Terms
from wire.asset import DeclareAvailability
from wire.market import CancelOrder, PlaceOrder, Side
from wire.settlement import DeclareFlow

# A home that has not been seen for so long (half an hour) offers nothing.
_OLDEST_TELEMETRY_SLOTS = 3


class Decision(NamedTuple):
    """What to send in a slot: first the availability that backs asks, then the orders."""

    availability: tuple[DeclareAvailability, ...]
    orders: tuple[PlaceOrder | CancelOrder, ...]


class Habits(Section):
    """What a home does besides offering.

    ``availability_slots``: how many slots one declaration covers at least. ``declare_always``: declare the supplier
    flow of every slot, not only of those with contracts, where alone it counts for the reward.
    """

    availability_slots: Annotated[int, Field(ge=1, le=MAX_DECLARED_SLOTS)] = 36
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
        # Of the battery's capacity, what plans leave free for real-time control.
        self.control_room_permille = 0
        self.grid_limit_w = GRID_LIMIT_W
        self.errors = ForecastErrors()
        self.wishes = Wishes()
        self.flexible: FlexibleLoads | None = None
        self._charge_until = -1
        self._planned_in = -1
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
        if self.wishes.trading and not account.debts and self.measurements.age_slots(now) <= _OLDEST_TELEMETRY_SLOTS:
            wanted = self._offers.wanted(terms, books, self.plan.values(), account)
            self._offers.fit_budget(wanted, account)
            wanted = {key: self._priced(order) for key, order in wanted.items()}
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
        least = self._habits.availability_slots
        return Decision(declarations(terms, account, wanted, self._forecast, now, least), sent)

    def make_plan(self, terms: Terms, now: int) -> list[OpenBook]:
        """Forecast and plan the slots from ``now`` (running) on with what is contracted; returns the open books."""
        account = self.account
        books = self.open_books(terms, now)
        tradable = {slot for book in books for slot in book.slots}
        slots = 2 + max(tradable, default=now) - now
        if not self.wishes.trading:
            tradable = set()
        # To the end of the last day that is planned, and of today at least.
        day_end = SLOTS_PER_DAY - (now + slots) % SLOTS_PER_DAY
        whole_days = self.battery is not None or self.flexible is not None
        far = max(slots + day_end, SLOTS_PER_DAY) if whole_days else max(slots, self._habits.availability_slots + 2)
        self._forecast = self._forecaster(self.measurements, now, far)
        self.errors.compare(self.measurements)
        if self.measurements.age_slots(now) <= _OLDEST_TELEMETRY_SLOTS:
            self.errors.remember(now, self._forecast)
        store = self.store
        if self.flexible is not None:
            around = Around(now, self._forecast, account.position_wh, terms, store, self.wishes)
            self._forecast = self.flexible.plan(around)
        quantile = self._offers.rules.shade_quantile
        shade = [] if quantile is None else shades(self.errors.gaps_wh, quantile, far)
        if shade:
            self._forecast = shaded(self._forecast, shade)
        if store is None:
            planned = plan_without_battery(now, self._forecast, account.position_wh, slots)
        else:
            situation = Situation(
                now,
                slots,
                self._forecast,
                account.position_wh,
                terms,
                tradable,
                store.usable,
                self.has_pv,
                min(store.energy_wh, store.usable.max_wh),
                self._offers.margin_permille,
                self._offers.rules.last_slot,
                [each.less_wh for each in shade],
            )
            planned = self._strategy(situation)
            self._charge_until = terms.clock.slot_at(self.wishes.charge_until_s)
            planned = self._charging(planned, store, now)
        # The running slot goes on as it was planned.
        running = {now: self.plan[now]} if now in self.plan else {}
        out_wh, sun = self.grid_limit_w // SLOTS_PER_HOUR, self._forecast
        limited = (e.within(out_wh, account.position_wh(e.slot), sun[e.slot - now].pv_wh) for e in planned)
        self.plan = {entry.slot: entry for entry in limited} | running
        self._planned_in = now
        self._planned_around = (now + 1, account.position_wh(now + 1))
        return books

    def outdated(self, slot: int) -> bool:
        """Whether the next slot is planned, but around other contracts than there are now."""
        if self._planned_around is None:
            return False
        planned, around_wh = self._planned_around
        return planned == slot and around_wh != self.account.position_wh(slot)

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
        if not self.wishes.trading:
            return Reason.PAUSED
        if self.account.debts:
            return Reason.IN_DEBT
        if self.measurements.age_slots(now) > _OLDEST_TELEMETRY_SLOTS:
            return Reason.UNHEARD
        return self._offers.why_not(terms, book, self.plan, self.account)

    @property
    def relaxed(self) -> tuple[str, ...]:
        """Which limits the newest plans could not hold, and how far they gave, in words for the person."""
        battery = () if self.battery is None else self._strategy.relaxed
        return (*battery, *(() if self.flexible is None else self.flexible.relaxed))

    @property
    def throughput_left_wh(self) -> float:
        """How much may still flow in and out of the battery today, by its cycles; 0 without a battery."""
        return 0.0 if self.battery is None else self._strategy.throughput_left_wh(self.battery)

    @property
    def can_charge(self) -> bool:
        """Whether "charge now" would charge anything."""
        store = self.store
        car = self.flexible is not None and self.flexible.car_is_there
        return car or (store is not None and store.energy_wh < store.limits.max_wh)

    @property
    def store(self) -> Store | None:
        """The battery as it is known to be now; None without one to steer."""
        if self.battery is None:
            return None
        energy_wh = self.measurements.battery_wh
        usable = self.wishes.usable(self.battery)
        room_wh = self.battery.capacity_wh * self.control_room_permille // 1000
        usable = usable._replace(max_wh=max(usable.min_wh, usable.max_wh - room_wh))
        return Store(self.battery, usable, self.battery.min_wh if energy_wh is None else energy_wh)

    def steering(self, slot: int) -> Steering | None:
        """What the battery should do in a slot; None where plain self-consumption is right.

        What real-time control asks for a slot (``asked_wh``, net flow) comes before the plan, and what the person asks
        for comes before both.
        """
        store = self.store
        if store is None:
            return None
        if self._charges_in(slot) and store.energy_wh < store.limits.max_wh:
            return store.charging(slot)
        if slot in self.asked_wh:
            return Steering(slot, "follow", grid_wh=self.asked_wh[slot])
        planned = self.plan.get(slot)
        if planned is None:
            return None
        expected = self.expected(slot, self._planned_in)
        gap_wh = expected.load_wh - expected.pv_wh if expected else 0
        return steering_of(planned, self.account.position_wh(slot), store, gap_wh)

    def committed_wh(self, slot: int) -> int | None:
        """The net flow that a slot should end at: what control asks for, else contracts and what was declared."""
        if slot in self.asked_wh:
            return self.asked_wh[slot]
        declared, planned = self.account.supplier_flow_wh.get(slot), self.plan.get(slot)
        if declared is not None:
            return self.account.position_wh(slot) + declared
        return None if planned is None else planned.flow_wh

    def correction(self, sent: Steering | None, now: int) -> Steering | None:
        """What to set in the running slot so that it ends where ``sent`` meant; None where it does, or can't."""
        running, store = self.measurements.running, self.store
        if store is None or running is None or running.slot != now or self.measurements.battery_wh is None:
            return None
        if now in self.asked_wh:
            store = store.for_control
        return corrected(sent, running, store)

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
        if declared is not None and abs(declared - rest) <= SAME_FLOW_WH:
            return None
        return DeclareFlow(terms.grid.vdg, slot, rest)

    def _charges_in(self, slot: int) -> bool:
        # A car that is there comes first.
        return slot <= self._charge_until and not (self.flexible is not None and self.flexible.car_is_there)

    def _charging(self, planned: list[PlannedSlot], store: Store, now: int) -> list[PlannedSlot]:
        """The plan with the battery charged with full power, for as long as the person wants it and there is room."""
        energy_wh, changed = store.energy_wh, []
        for entry in planned:
            expected = self.expected(entry.slot, now)
            if expected is not None and self._charges_in(entry.slot):
                out_wh = store.limits.possible_wh(energy_wh, -store.limits.slot_wh)
                energy_wh = store.limits.after(energy_wh, out_wh)
                flow_wh = expected.load_wh - expected.pv_wh - out_wh
                wanted_wh = max(0, flow_wh - self.account.position_wh(entry.slot))
                changed.append(PlannedSlot(entry.slot, flow_wh, wanted_wh, hold=False, energy_wh=energy_wh))
            else:
                changed.append(entry)
        return changed

    def _priced(self, order: LiveOrder) -> LiveOrder:
        """An order at the person's price, where that is higher for what is sold."""
        least = self.wishes.least_price_neur_per_wh
        if order.side is Side.SIDE_BID or order.price_neur_per_wh >= least:
            return order
        return order._replace(price_neur_per_wh=least)
