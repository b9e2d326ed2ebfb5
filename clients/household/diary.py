"""What each home expected and decided when books closed, so that it can be asked why it traded, or didn't."""

from __future__ import annotations

import json

from clients.household.home import Decision, Home
from clients.household.offers import OpenBook
from clients.household.reason import Reason
from clients.household.slot_records import BatteryMemory, Decided, SlotRecords
from clients.household.terms import Terms
from wire.market import PlaceOrder

# A week, as contracts are kept.
KEPT_SLOTS = 1_008
_FORGET_EVERY_SLOTS = 36

BookKey = tuple[str, int]


class Diary:
    """Writes down the homes of one process, once a slot; ``records`` keep it."""

    def __init__(self, records: SlotRecords) -> None:
        self._records = records
        self._closing: dict[str, dict[BookKey, Decided]] = {}
        self._rows: list[Decided] = []
        self._plans: dict[str, str] = {}
        self._battery_days: dict[str, BatteryMemory] = {}

    def battery_day(self, home: str, memory: BatteryMemory) -> None:
        """A home's battery's day went on; kept with the slot's decisions."""
        self._battery_days[home] = memory

    def closed(self, home: Home) -> None:
        """A slot has begun, with which books closed: note which orders stood in them, before they are forgotten."""
        for key, row in self._closing.pop(home.id, {}).items():
            order = home.account.orders.get(key)
            if order is not None:
                self._rows.append(
                    row._replace(
                        reason=Reason.OFFERED.value,
                        side=order.side,
                        energy_wh=order.energy_wh,
                        price_neur_per_wh=order.price_neur_per_wh,
                        stood=1,
                    )
                )

    def decided(self, home: Home, terms: Terms, now: int, decision: Decision) -> None:
        """The home has decided in slot ``now``: note its plan, and what it decided in books that close next."""
        orders = {(order.product, order.slot): order for order in decision.orders}
        rows = {}
        for book in home.open_books(terms, now):
            if book.gate_slot == now + 1:
                key = (book.product.name, book.slot)
                rows[key] = _row(home, terms, now, book, orders.get(key))
        self._closing[home.id] = rows
        self._rows += rows.values()
        self._plans[home.id] = plan_json(home, terms, now)

    def keep(self, now: int) -> None:
        """Write what was noted since the last time, and forget what is long over."""
        self._records.keep(self._rows, self._plans, self._battery_days)
        self._rows, self._plans, self._battery_days = [], {}, {}
        if now % _FORGET_EVERY_SLOTS == 0:
            self._records.forget_before(now - KEPT_SLOTS)


def _row(home: Home, terms: Terms, now: int, book: OpenBook, sent: object) -> Decided:
    key = (book.product.name, book.slot)
    standing = home.account.orders.get(key)
    side = energy = price = 0
    if isinstance(sent, PlaceOrder):
        side, energy, price = sent.side, sent.energy_wh, sent.limit_price_neur_per_wh
    elif sent is None and standing is not None:
        side, energy, price = standing
    reason = Reason.OFFERED if side else home.why_not(terms, book, now)
    expected = [home.expected(slot, now) for slot in book.slots]
    plans = [home.plan[slot] for slot in book.slots if slot in home.plan]
    return Decided(
        home.id,
        book.slot,
        book.product.name,
        book.product.block_slots,
        now,
        reason.value,
        sum(one.load_wh for one in expected if one),
        sum(one.pv_wh for one in expected if one),
        sum(home.account.position_wh(slot) for slot in book.slots),
        sum(plan.wanted_wh for plan in plans),
        int(side),
        energy,
        price,
        0,
    )


def plan_json(home: Home, terms: Terms, now: int) -> str:
    """A home's plan as it is kept: arrays by slot from ``first_slot`` on (Wh, neur per Wh), see docs/household.md."""
    entries = [(home.plan[slot], home.expected(slot, now)) for slot in sorted(home.plan) if slot > now]
    known = [(entry, expected) for entry, expected in entries if expected is not None]
    record = {
        "made_in": now,
        "relaxed": home.relaxed,
        "first_slot": known[0][0].slot if known else now + 1,
        "load_wh": [expected.load_wh for _, expected in known],
        "pv_wh": [expected.pv_wh for _, expected in known],
        "contracted_wh": [home.account.position_wh(entry.slot) for entry, _ in known],
        "wanted_wh": [entry.wanted_wh for entry, _ in known],
        "flow_wh": [entry.flow_wh for entry, _ in known],
        "battery_wh": [
            expected.load_wh - (expected.pv_wh - entry.unused_pv_wh) - entry.flow_wh for entry, expected in known
        ],
        "unused_pv_wh": [entry.unused_pv_wh for entry, _ in known],
        "energy_wh": [entry.energy_wh for entry, _ in known],
        "buy_price_neur_per_wh": [terms.buy_price(entry.slot) for entry, _ in known],
        "sell_price_neur_per_wh": [terms.sell_price(entry.slot) for entry, _ in known],
    }
    return json.dumps(record, separators=(",", ":"))
