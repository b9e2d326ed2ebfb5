"""From wishes to orders: which books, how much, at what price."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from clients.common.configuration import Section
from clients.household.account import Account, LiveOrder
from clients.household.measurements import SLOTS_PER_DAY
from clients.household.plan import PERMILLE, Permille, PlannedSlot
from clients.household.prices import ask_neur_per_wh, bid_neur_per_wh
from clients.household.terms import Terms
from wire.market import Product, Side

DAY_AHEAD, INTRADAY, REAL_TIME = "day_ahead", "intraday", "real_time"
BookKey = tuple[str, int]
"""A book of the home's grid: product and (first) slot."""


class OfferRules(Section):
    """What is offered.

    ``last_slot``: nothing is offered for later ones, for networks that end. ``intraday_slots`` and
    ``real_time_slots``: how many slots from the first open one on; 0 leaves the product out. A day-ahead block is
    offered with ``day_ahead_permille`` of what each of its slots is forecast to bear. An order below
    ``min_offer_wh`` is not worth a transaction. A standing order gives way when its quantity moved by more than
    ``material_wh`` and ``material_permille`` of it, or its price by more than ``material_permille``.
    """

    last_slot: Annotated[int, Field(ge=0)] | None = None
    intraday_slots: Annotated[int, Field(ge=0, le=138)] = 6
    real_time_slots: Annotated[int, Field(ge=0, le=143)] = 2
    trade_day_ahead: bool = False
    day_ahead_permille: Permille = 500
    min_offer_wh: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    material_wh: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    material_permille: Permille = 100


class Offers:
    """The orders that should stand, for one home."""

    def __init__(self, rules: OfferRules, margin_permille: int) -> None:
        self.rules = rules
        self.margin_permille = margin_permille

    def planned_slots(self, terms: Terms) -> int:
        """How many slots from the running one on have to be planned."""
        if self.rules.trade_day_ahead and DAY_AHEAD in terms.products:
            return 2 * SLOTS_PER_DAY
        offered = ((INTRADAY, self.rules.intraday_slots), (REAL_TIME, self.rules.real_time_slots))
        return 2 + max(terms.products[name].gate_slots + slots for name, slots in offered if name in terms.products)

    def product_of(self, terms: Terms, now: int, slot: int) -> Product | None:
        """The product that a single slot is offered in during slot ``now``: intraday while open, then real time."""
        if self._too_late(slot):
            return None
        for name, slots in ((INTRADAY, self.rules.intraday_slots), (REAL_TIME, self.rules.real_time_slots)):
            product = terms.products.get(name)
            if product is None:
                continue
            until_gate = terms.gate_slot(product, slot) - now
            if 1 <= until_gate <= slots and slot - now <= product.horizon_slots:
                return product
        return None

    def wanted(
        self, terms: Terms, now: int, planned: Iterable[PlannedSlot], account: Account
    ) -> dict[BookKey, LiveOrder]:
        """The orders that should stand during slot ``now``, soonest slot first, within the DSO's caps."""
        wishes = {entry.slot: entry.wanted_wh for entry in planned}
        orders: dict[BookKey, LiveOrder] = {}
        for slot, energy in wishes.items():
            product = self.product_of(terms, now, slot)
            if product is not None:
                self._add(orders, terms, product, slot, energy, account)
        for product, block in self._open_blocks(terms, now):
            energy = _block_wh([wishes.get(block + index, 0) for index in range(product.block_slots)])
            self._add(orders, terms, product, block, energy * self.rules.day_ahead_permille // PERMILLE, account)
        return orders

    def moved(self, old: LiveOrder, new: LiveOrder) -> bool:
        """Whether a standing order should give way to a new one."""
        if old.side is not new.side:
            return True
        share = self.rules.material_permille
        if abs(new.energy_wh - old.energy_wh) > max(self.rules.material_wh, old.energy_wh * share // PERMILLE):
            return True
        return abs(new.price_neur_per_wh - old.price_neur_per_wh) > old.price_neur_per_wh * share // PERMILLE

    def _open_blocks(self, terms: Terms, now: int) -> list[tuple[Product, int]]:
        """Tomorrow's blocks, while their gate is open."""
        product = terms.products.get(DAY_AHEAD)
        tomorrow = (now // SLOTS_PER_DAY + 1) * SLOTS_PER_DAY
        if not self.rules.trade_day_ahead or product is None or terms.gate_slot(product, tomorrow) <= now:
            return []
        blocks = range(tomorrow, tomorrow + SLOTS_PER_DAY, product.block_slots)
        return [(product, block) for block in blocks if not self._too_late(block + product.block_slots - 1)]

    def _too_late(self, slot: int) -> bool:
        return self.rules.last_slot is not None and slot > self.rules.last_slot

    def _add(
        self,
        orders: dict[BookKey, LiveOrder],
        terms: Terms,
        product: Product,
        slot: int,
        energy_wh: int,
        account: Account,
    ) -> None:
        block = range(slot, slot + product.block_slots)
        side = Side.SIDE_BID if energy_wh > 0 else Side.SIDE_ASK
        if side is Side.SIDE_BID:
            price = min(bid_neur_per_wh(terms, each, self.margin_permille) for each in block)
        else:
            price = max(ask_neur_per_wh(terms, each, self.margin_permille) for each in block)
        room = min(_room_wh(terms, account, each, side) for each in block) * product.block_slots
        energy = min(abs(energy_wh), product.max_energy_wh, room)
        if energy >= self.rules.min_offer_wh and 0 < price <= product.max_price_neur_per_wh:
            orders[(product.name, slot)] = LiveOrder(side, energy, price)


def _room_wh(terms: Terms, account: Account, slot: int, side: Side) -> int:
    """What the DSO's cap leaves to commit in a slot; without a cap, more than anybody wants."""
    caps = terms.of(slot)
    if not caps.capped:
        return 1 << 40
    cap = caps.import_cap_wh if side is Side.SIDE_BID else caps.export_cap_wh
    return max(0, cap - account.contracted_wh(slot, side))


def _block_wh(wishes_wh: list[int]) -> int:
    """What every slot of a block can bear, as its energy falls on them in equal parts (Wh of the block, signed)."""
    if min(wishes_wh) > 0:
        return min(wishes_wh) * len(wishes_wh)
    if max(wishes_wh) < 0:
        return max(wishes_wh) * len(wishes_wh)
    return 0
