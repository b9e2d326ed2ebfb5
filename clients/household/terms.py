"""What a grid offers its members: slot timing, tariff, rebates, caps and market products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clients.common.slots import SLOTS_PER_DAY, SlotClock
from wire.grid import Grid, SlotTerms, Tariff
from wire.market import GateKind, Product

_NO_TERMS = SlotTerms()


class Terms(NamedTuple):
    """The terms as last read from the chain; ``slot_terms`` begin at ``first_slot``."""

    grid: Grid
    tariff: Tariff
    products: dict[str, Product]
    first_slot: int
    slot_terms: Sequence[SlotTerms]

    @property
    def clock(self) -> SlotClock:
        """The grid's slot timing."""
        return SlotClock(self.grid.epoch_s, self.grid.slot_seconds)

    def buy_price(self, slot: int) -> int:
        """P_u, the supplier's price (neur per Wh)."""
        prices = self.tariff.buy_price_neur_per_wh
        return prices[slot % len(prices)]

    def sell_price(self, slot: int) -> int:
        """P_f, the feed-in tariff (neur per Wh)."""
        prices = self.tariff.sell_price_neur_per_wh
        return prices[slot % len(prices)]

    def of(self, slot: int) -> SlotTerms:
        """Rebate and caps of a slot; none where nothing was read."""
        return self.slot_terms[slot - self.first_slot] if self.reaches(slot) else _NO_TERMS

    def reaches(self, slot: int) -> bool:
        """Whether it was read what is posted for a slot."""
        return 0 <= slot - self.first_slot < len(self.slot_terms)

    def gate_slot(self, product: Product, slot: int) -> int:
        """The slot at whose start the book for ``slot`` closes (MODEL section 4)."""
        if product.gate_kind is GateKind.GATE_KIND_DAY_BEFORE:
            return (slot // SLOTS_PER_DAY - 1) * SLOTS_PER_DAY + product.gate_slots
        return slot - product.gate_slots

    def open_slots(self, product: Product, now: int) -> range:
        """The (first) slots that a product takes orders for in slot ``now``."""
        first = now + product.gate_slots + 1
        if product.gate_kind is GateKind.GATE_KIND_DAY_BEFORE:
            first = ((now - product.gate_slots) // SLOTS_PER_DAY + 2) * SLOTS_PER_DAY
        first = -(-first // product.block_slots) * product.block_slots
        return range(first, now + product.horizon_slots + 1, product.block_slots)

    @property
    def furthest_slots(self) -> int:
        """How many slots ahead of the running one the energy of an order may lie."""
        return max((product.horizon_slots + product.block_slots - 1 for product in self.products.values()), default=0)

    def gate_s(self, product: Product, slot: int) -> int:
        """The Unix time from which on the book for ``slot`` is closed."""
        return self.clock.start_s(self.gate_slot(product, slot))
