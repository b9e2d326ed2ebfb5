"""When a book closes, and which slots an order may name (MODEL section 4)."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.core.refusal import Refusal
from abci_app.modules.grid.api import slot_at, slot_start_s
from abci_app.modules.grid.slots import SLOTS_PER_DAY
from abci_app.modules.market.keys import PRODUCTS
from wire.grid import Grid
from wire.market import GateKind, Product
from wire.results import Code


def require_product(state: State, name: str) -> Product:
    """The product. Raises: Refusal UNKNOWN_PRODUCT."""
    product = PRODUCTS.get(state, name.encode())
    if product is None:
        raise Refusal(Code.UNKNOWN_PRODUCT, f"product = {name!r}: no such product; list the products for their names")
    return product


def gate_slot(product: Product, slot: int) -> int:
    """The slot at whose start the book for ``slot`` closes."""
    if product.gate_kind is GateKind.GATE_KIND_DAY_BEFORE:
        return (slot // SLOTS_PER_DAY - 1) * SLOTS_PER_DAY + product.gate_slots
    return slot - product.gate_slots


def gate_s(grid: Grid, product: Product, slot: int) -> int:
    """The Unix time from which on the book for ``slot`` is closed."""
    return slot_start_s(grid, gate_slot(product, slot))


def require_open(grid: Grid, product: Product, slot: int, time_s: int) -> int:
    """The gate of a book that takes orders now.

    Raises: Refusal SLOT_INVALID, SLOT_OUT_OF_RANGE, GATE_CLOSED.
    """
    if slot % product.block_slots:
        raise Refusal(
            Code.SLOT_INVALID,
            f"slot = {slot}: {product.name} trades blocks of {product.block_slots} slots; give a multiple of that",
        )
    now = slot_at(grid, time_s)
    if slot > now + product.horizon_slots:
        raise Refusal(
            Code.SLOT_OUT_OF_RANGE,
            f"slot = {slot}: it is slot {now} and {product.name} trades at most {product.horizon_slots} ahead",
        )
    gate = gate_s(grid, product, slot)
    if time_s >= gate:
        raise Refusal(
            Code.GATE_CLOSED,
            f"slot = {slot}: the gate of {product.name} closed at {gate}, block time is {time_s}; "
            "offer for a later slot or in a product that closes later",
        )
    return gate
