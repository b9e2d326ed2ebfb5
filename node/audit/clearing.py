"""What happens to a book at its gate (MODEL section 5)."""

from __future__ import annotations

from node.audit.auction import Outcome, hold_auction
from node.audit.books import BookOf, ContractOf, HomeSlot
from node.audit.case import Case
from node.audit.clock import watch
from node.audit.devices import hold
from node.audit.money import escrow
from node.audit.shares import dealt
from wire.grid import Grid
from wire.ledger import account_holder
from wire.market import Book, BookCleared, Contract, ContractMade, Order, Position, Product, Side

_NO_POSITION = Position()


def clear(case: Case, grid: Grid, product: Product, at: BookOf) -> None:
    """Trade the orders, free what backs the rest, make contracts, keep the record."""
    books = case.books
    opened = books.open_books.get(at) or Book(*at)
    orders = [order for _, order in books.orders.of(at) if order.energy_wh]
    bids = [order for order in orders if order.side is Side.SIDE_BID]
    asks = [order for order in orders if order.side is Side.SIDE_ASK]
    outcome = hold_auction(bids, asks, case.seed)
    _free(case, product, at, orders, outcome)
    made = _contracts(case, grid, product, at, outcome)
    books.orders.drop_all(at)
    books.open_books.drop(at)
    record = Book(
        *at,
        gate_s=opened.gate_s,
        height=case.height,
        seed=case.seed,
        bids=len(bids),
        asks=len(asks),
        critical_buyer=outcome.critical_buyer,
        critical_seller=outcome.critical_seller,
        bid_volume_wh=outcome.wanted_wh,
        ask_volume_wh=outcome.offered_wh,
        volume_wh=outcome.volume_wh,
        buy_price_neur_per_wh=outcome.buy_price,
        sell_price_neur_per_wh=outcome.sell_price,
        contracts=made,
    )
    books.cleared.put(at, record)
    watch(books, grid, at.slot)
    case.events.append(BookCleared(record))


def _free(case: Case, product: Product, at: BookOf, orders: list[Order], outcome: Outcome) -> None:
    for order in orders:
        won = outcome.won_wh.get(order.account, 0)
        if order.side is Side.SIDE_BID:
            back = order.energy_wh * order.limit_price_neur_per_wh - won * outcome.buy_price
            escrow(case.books, account_holder(order.account), -back)
            continue
        kept = dealt(won, product.block_slots)
        for index, energy in enumerate(dealt(order.energy_wh, product.block_slots)):
            hold(case.books, HomeSlot(at.vdg, at.slot + index, order.account), kept[index] - energy)


def _contracts(case: Case, grid: Grid, product: Product, at: BookOf, outcome: Outcome) -> int:
    """A contract for each pair and slot; a seller's Wh go round the slots of the block over all its pairs (ADR 5)."""
    books, number = case.books, 0
    gone: dict[bytes, int] = {}
    for trade in outcome.trades:
        before = gone.get(trade.seller, 0)
        gone[trade.seller] = before + trade.energy_wh
        for slot, energy in enumerate(dealt(trade.energy_wh, product.block_slots, before), at.slot):
            if not energy:
                continue
            contract = Contract(
                f"{at.vdg}/{slot}/{at.product}/{number}",
                at.vdg,
                slot,
                at.product,
                trade.buyer,
                trade.seller,
                energy,
                outcome.buy_price,
                outcome.sell_price,
            )
            books.contracts.put(ContractOf(at.vdg, slot, at.product, number), contract)
            for account, bought, sold in ((trade.buyer, energy, 0), (trade.seller, 0, energy)):
                place = HomeSlot(at.vdg, slot, account)
                now = books.positions.get(place) or _NO_POSITION
                books.positions.put(place, Position(now.bought_wh + bought, now.sold_wh + sold))
            case.events.append(ContractMade(contract))
            number += 1
    if number:
        for index in range(product.block_slots):
            watch(books, grid, at.slot + index)
    return number
