"""Clearing a book when its gate closes: prices, contracts, escrow (MODEL section 5)."""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.core.numbers import split_evenly
from abci_app.modules.asset.api import hold
from abci_app.modules.grid.api import require_grid, watch_slot
from abci_app.modules.ledger.api import set_aside
from abci_app.modules.market import clearing
from abci_app.modules.market.gates import require_product
from abci_app.modules.market.keys import (
    BOOKS,
    CONTRACTS,
    OPEN_BOOKS,
    ORDERS,
    PRODUCTS,
    book_key,
    contract_key,
    parse_book_key,
)
from abci_app.modules.market.positions import add_position
from abci_app.modules.names import parse_slot_key, slot_key
from wire.grid import Grid
from wire.ledger import account_holder
from wire.market import Book, BookCleared, Contract, ContractMade, Order, Product, Side


def clear_book(context: Context, key: bytes) -> None:
    """Clear the book whose gate has closed; runs before the block's transactions."""
    state = context.state
    vdg, name, slot = parse_book_key(key)
    grid, product = require_grid(state, vdg), require_product(state, name)
    open_book = OPEN_BOOKS.get(state, key) or Book(vdg, name, slot)
    entries = list(ORDERS.items(state, key))
    orders = [order for _, order in entries if order.energy_wh]
    bids = [_offer(order) for order in orders if order.side is Side.SIDE_BID]
    asks = [_offer(order) for order in orders if order.side is Side.SIDE_ASK]
    result = clearing.clear(bids, asks, context.seed)
    _release(context, vdg, product, slot, orders, result)
    made = _make_contracts(context, grid, product, slot, result)
    for entry_key, _ in entries:
        ORDERS.delete(state, entry_key)
    OPEN_BOOKS.delete(state, key)
    book = Book(
        vdg=vdg,
        product=name,
        slot=slot,
        gate_s=open_book.gate_s,
        height=context.height,
        seed=context.seed,
        bids=len(bids),
        asks=len(asks),
        critical_buyer=result.critical_buyer,
        critical_seller=result.critical_seller,
        bid_volume_wh=result.bid_volume_wh,
        ask_volume_wh=result.ask_volume_wh,
        volume_wh=result.volume_wh,
        buy_price_neur_per_wh=result.buy_price_neur_per_wh,
        sell_price_neur_per_wh=result.sell_price_neur_per_wh,
        contracts=made,
    )
    BOOKS.put(state, key, book)
    watch_slot(context, grid, slot)
    context.emit(BookCleared(book))


def _offer(order: Order) -> clearing.Order:
    return clearing.Order(order.account, order.energy_wh, order.limit_price_neur_per_wh)


def _release(
    context: Context, vdg: str, product: Product, slot: int, orders: list[Order], result: clearing.Clearing
) -> None:
    """Free what backs the part of each order that did not trade, in this same block (rule 4)."""
    bought = {fill.account: fill.energy_wh for fill in result.bought}
    sold = {fill.account: fill.energy_wh for fill in result.sold}
    for order in orders:
        if order.side is Side.SIDE_BID:
            kept = bought.get(order.account, 0) * result.buy_price_neur_per_wh
            set_aside(
                context.state,
                account_holder(order.account),
                kept - order.energy_wh * order.limit_price_neur_per_wh,
            )
            continue
        kept_parts = split_evenly(sold.get(order.account, 0), product.block_slots)
        for index, part in enumerate(split_evenly(order.energy_wh, product.block_slots)):
            hold(context.state, vdg, slot + index, order.account, kept_parts[index] - part)


def _make_contracts(context: Context, grid: Grid, product: Product, slot: int, result: clearing.Clearing) -> int:
    """One contract a pair and slot of the block; returns how many.

    A seller's Wh go round the slots of the block one by one over all its pairs, so that each slot gets exactly what
    its ask held there (ADR 5).
    """
    sold_before: dict[bytes, int] = {}
    number = 0
    for pair in result.pairs:
        first = sold_before.get(pair.seller, 0)
        sold_before[pair.seller] = first + pair.energy_wh
        until = split_evenly(first + pair.energy_wh, product.block_slots)
        for index, before in enumerate(split_evenly(first, product.block_slots)):
            energy = until[index] - before
            if not energy:
                continue
            key = slot_key(grid.vdg, slot + index)
            contract = Contract(
                contract_id=f"{grid.vdg}/{slot + index}/{product.name}/{number}",
                vdg=grid.vdg,
                slot=slot + index,
                product=product.name,
                buyer=pair.buyer,
                seller=pair.seller,
                energy_wh=energy,
                buy_price_neur_per_wh=result.buy_price_neur_per_wh,
                sell_price_neur_per_wh=result.sell_price_neur_per_wh,
            )
            CONTRACTS.put(context.state, contract_key(key, product.name, number), contract)
            add_position(context.state, key + pair.buyer, bought_wh=energy)
            add_position(context.state, key + pair.seller, sold_wh=energy)
            context.emit(ContractMade(contract))
            number += 1
    if number:
        for index in range(product.block_slots):
            watch_slot(context, grid, slot + index)
    return number


def forget_books(context: Context, key: bytes) -> None:
    """Drop the records of books whose first slot is long over."""
    vdg, slot = parse_slot_key(key)
    for product in PRODUCTS.values(context.state):
        BOOKS.delete(context.state, book_key(vdg, product.name, slot))
