"""From wishes to orders: which books, how much, at what price."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_DAY
from clients.household.account import Account, LiveOrder
from clients.household.plan import PERMILLE, Permille, PlannedSlot
from clients.household.prices import ask_neur_per_wh, bid_neur_per_wh
from clients.household.reason import Reason
from clients.household.terms import Terms
from wire.market import Product, Side

BookKey = tuple[str, int]
"""A book of the home's grid: product and (first) slot."""


class OfferRules(Section):
    """What is offered.

    ``last_slot``: nothing is offered for later ones, for networks that end. ``without_products``: products that this
    home stays out of. ``ahead_slots``: nothing is offered further ahead, however far a product is open. A product of
    several slots is offered ``block_permille`` of what each of its slots is forecast to bear; what is left goes to
    those that close later. An order below ``min_offer_wh`` is not worth a transaction. A standing order gives way when
    its quantity moved by more than ``material_wh`` and ``material_permille`` of it, or its price by more than
    ``material_permille``. At most ``orders_a_slot`` are sent in a slot, those first whose gate comes first; it has to
    stay below the quota that the chain gives households in a block. ``shade_quantile``: only that is offered which so
    large a share of the forecasts' tracked errors leaves, see `shading`; not set: what the forecaster is sure of.
    """

    last_slot: Annotated[int, Field(ge=0)] | None = None
    without_products: Annotated[tuple[str, ...], Field(strict=False)] = ()
    ahead_slots: Annotated[int, Field(ge=1, le=7 * SLOTS_PER_DAY)] | None = None
    block_permille: Permille = 250
    min_offer_wh: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    material_wh: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    material_permille: Permille = 100
    orders_a_slot: Annotated[int, Field(ge=1, le=1_000)] = 48
    shade_quantile: Annotated[float, Field(ge=0.5, le=1)] | None = None


class OpenBook(NamedTuple):
    """A book that takes orders until slot ``gate_slot`` begins, for energy from ``slot`` on."""

    gate_slot: int
    slot: int
    product: Product

    @property
    def slots(self) -> range:
        """The slots that its energy falls on."""
        return range(self.slot, self.slot + self.product.block_slots)


class Offers:
    """The orders that should stand, for one home."""

    def __init__(self, rules: OfferRules, margin_permille: int) -> None:
        self.rules = rules
        self.margin_permille = margin_permille

    def open_books(self, terms: Terms, now: int) -> list[OpenBook]:
        """The books of all products that take orders in slot ``now``, those first that close first.

        Of books that close together those with the longer block come first.
        """
        last_slot = self.rules.last_slot if self.rules.last_slot is not None else sys.maxsize
        if self.rules.ahead_slots is not None:
            last_slot = min(last_slot, now + self.rules.ahead_slots)
        books = [
            OpenBook(terms.gate_slot(product, slot), slot, product)
            for product in terms.products.values()
            if product.name not in self.rules.without_products
            for slot in terms.open_slots(product, now)
            if slot + product.block_slots - 1 <= last_slot
        ]
        return sorted(books, key=lambda book: (book.gate_slot, -book.product.block_slots, book.slot))

    def wanted(
        self, terms: Terms, books: Iterable[OpenBook], planned: Iterable[PlannedSlot], account: Account
    ) -> dict[BookKey, LiveOrder]:
        """The orders that should stand in ``books``, in their order.

        Each book is offered what those before it leave: together they never offer more than is wanted in a slot, than
        the DSO's caps leave or than the registered devices deliver.
        """
        left_wh = {entry.slot: _possible_wh(terms, account, entry) for entry in planned}
        orders: dict[BookKey, LiveOrder] = {}
        for book in books:
            product = book.product
            signed_wh = _block_wh([left_wh.get(slot, 0) for slot in book.slots])
            energy = abs(signed_wh)
            if product.block_slots > 1:
                energy = energy * self.rules.block_permille // PERMILLE
            energy = min(energy, product.max_energy_wh)
            side = Side.SIDE_BID if signed_wh > 0 else Side.SIDE_ASK
            price = self._price(terms, book, side)
            if energy < self.rules.min_offer_wh or not 0 < price <= product.max_price_neur_per_wh:
                continue
            orders[(product.name, book.slot)] = LiveOrder(side, energy, price)
            part = -(-energy // product.block_slots)
            for slot in book.slots:
                left_wh[slot] -= part if side is Side.SIDE_BID else -part
        return orders

    def fit_budget(self, wanted: dict[BookKey, LiveOrder], account: Account) -> None:
        """Cut bids to what free money can back, where money ran short; those first that close first."""
        left = account.budget_neur
        if left is None:
            return
        for key, order in list(wanted.items()):
            standing = account.orders.get(key)
            backed = standing.escrow_neur if standing else 0
            energy = min(order.energy_wh, (backed + left) // order.price_neur_per_wh)
            if order.side is Side.SIDE_ASK or energy == order.energy_wh:
                left -= max(0, order.escrow_neur - backed)
            elif energy < self.rules.min_offer_wh:
                del wanted[key]
            else:
                wanted[key] = order._replace(energy_wh=energy)
                left -= max(0, wanted[key].escrow_neur - backed)

    def why_not(self, terms: Terms, book: OpenBook, planned: Mapping[int, PlannedSlot], account: Account) -> Reason:
        """Why a planned home has no order in a book; the same steps as `wanted`, one after the other."""
        entries = [planned[slot] for slot in book.slots if slot in planned]
        wishes = [entry.wanted_wh for entry in entries]
        if len(entries) < len(book.slots):
            return Reason.UNPLANNED
        if not _block_wh(wishes):
            return Reason.MIXED if min(wishes) < 0 < max(wishes) else Reason.NOTHING_WANTED
        signed_wh = _block_wh([_possible_wh(terms, account, entry) for entry in entries])
        if not signed_wh:
            return Reason.LIMITED
        share = self.rules.block_permille if len(entries) > 1 else PERMILLE
        if abs(signed_wh) * share // PERMILLE < self.rules.min_offer_wh:
            return Reason.TOO_LITTLE
        price = self._price(terms, book, Side.SIDE_BID if signed_wh > 0 else Side.SIDE_ASK)
        if not 0 < price <= book.product.max_price_neur_per_wh:
            return Reason.NO_PRICE
        return Reason.ELSEWHERE if account.budget_neur is None else Reason.SHORT_OF_MONEY

    def moved(self, old: LiveOrder, new: LiveOrder) -> bool:
        """Whether a standing order should give way to a new one."""
        if old.side is not new.side:
            return True
        share = self.rules.material_permille
        if abs(new.energy_wh - old.energy_wh) > max(self.rules.material_wh, old.energy_wh * share // PERMILLE):
            return True
        return abs(new.price_neur_per_wh - old.price_neur_per_wh) > old.price_neur_per_wh * share // PERMILLE

    def _price(self, terms: Terms, book: OpenBook, side: Side) -> int:
        """The limit that is right in every slot of a book."""
        if side is Side.SIDE_BID:
            return min(bid_neur_per_wh(terms, slot, self.margin_permille) for slot in book.slots)
        return max(ask_neur_per_wh(terms, slot, self.margin_permille) for slot in book.slots)


def _possible_wh(terms: Terms, account: Account, planned: PlannedSlot) -> int:
    """What is wanted in a slot, as far as the DSO's cap and the registered devices leave room (signed)."""
    slot, wanted, caps = planned.slot, planned.wanted_wh, terms.of(planned.slot)
    if wanted >= 0:
        bought = account.contracted_wh(slot, Side.SIDE_BID)
        return min(wanted, max(0, caps.import_cap_wh - bought)) if caps.capped else wanted
    most = min(account.capacity_wh, caps.export_cap_wh) if caps.capped else account.capacity_wh
    return -min(-wanted, max(0, most - account.contracted_wh(slot, Side.SIDE_ASK)))


def _block_wh(left_wh: list[int]) -> int:
    """What every slot of a block can bear, as its energy falls on them in equal parts (Wh of the block, signed)."""
    if min(left_wh) > 0:
        return min(left_wh) * len(left_wh)
    if max(left_wh) < 0:
        return max(left_wh) * len(left_wh)
    return 0
