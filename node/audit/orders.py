"""Placing and cancelling orders: what each must be backed by (MODEL section 4)."""

from __future__ import annotations

from typing import NamedTuple

from node.audit import grids
from node.audit.books import BookOf, Books, HomeSlot, OrderOf, book_bytes
from node.audit.case import Case, Denied, Kept, require
from node.audit.clock import gate_s, slot_now, wait
from node.audit.devices import hold
from node.audit.money import escrow
from node.audit.shares import dealt, fitting
from wire.chain import Moment
from wire.grid import Grid
from wire.ledger import account_holder
from wire.market import (
    Book,
    CancelOrder,
    Order,
    OrderCancelled,
    OrderPlaced,
    PlaceOrder,
    Position,
    Product,
    Side,
)
from wire.results import Code

_NO_ORDER, _NO_POSITION = Order(), Position()


class _Open(NamedTuple):
    """A book that takes orders, and the sender's place in it."""

    grid: Grid
    product: Product
    gate_s: int
    at: OrderOf
    old: Order


def _open(case: Case, m: PlaceOrder | CancelOrder) -> _Open:
    """Raises: Denied for everything that keeps the sender out of the book."""
    books, grid = case.books, grids.found(case, m.vdg)
    product = books.products.get(m.product)
    if product is None:
        raise Denied(Code.UNKNOWN_PRODUCT)
    grids.member(case, m.vdg, case.sender)
    require(m.slot % product.block_slots == 0, Code.SLOT_INVALID)
    require(m.slot <= slot_now(grid, case.time_s) + product.horizon_slots, Code.SLOT_OUT_OF_RANGE)
    gate = gate_s(grid, product, m.slot)
    require(case.time_s < gate, Code.GATE_CLOSED)
    at = OrderOf(m.vdg, m.product, m.slot, case.sender)
    old = books.orders.get(at) or _NO_ORDER
    require(old.nonce <= case.nonce, Code.SUPERSEDED)
    return _Open(grid, product, gate, at, old)


def place(case: Case, m: PlaceOrder) -> None:
    books, opened = case.books, _open(case, m)
    product, at = opened.product, opened.at
    require(books.debt_totals.get(account_holder(case.sender)) is None, Code.IN_DEBT)
    require(m.limit_price_neur_per_wh <= product.max_price_neur_per_wh, Code.PRICE_OUT_OF_RANGE)
    require(m.energy_wh <= product.max_energy_wh, Code.ENERGY_OUT_OF_RANGE)
    _require_below_cap(case, m, product)
    order = Order(case.sender, m.side, m.energy_wh, m.limit_price_neur_per_wh, case.nonce)
    _back(books, at, product, opened.old, order)
    books.orders.put(at, order)
    _have_cleared(books, at, opened.gate_s)
    case.events.append(OrderPlaced(m.vdg, m.product, m.slot, case.sender, *order[1:4]))


def _require_below_cap(case: Case, m: PlaceOrder, product: Product) -> None:
    """What is contracted and ordered stays within what the DSO allows in each slot (ADR 6)."""
    for slot, energy in enumerate(dealt(m.energy_wh, product.block_slots), m.slot):
        posted = grids.terms(case, m.vdg, slot)
        done = case.books.positions.get(HomeSlot(m.vdg, slot, case.sender)) or _NO_POSITION
        used, most = (
            (done.bought_wh, posted.import_cap_wh) if m.side is Side.SIDE_BID else (done.sold_wh, posted.export_cap_wh)
        )
        require(not posted.capped or used + energy <= most, Code.ABOVE_CAP)


def _back(books: Books, at: OrderOf, product: Product, old: Order, new: Order) -> None:
    """Asks hold availability, bids hold money; what backed the old order is free again."""
    offered, freed = [
        dealt(order.energy_wh if order.side is Side.SIDE_ASK else 0, product.block_slots) for order in (new, old)
    ]
    for index, more in enumerate(offered):
        hold(books, HomeSlot(at.vdg, at.slot + index, at.account), more - freed[index])
    escrow(books, account_holder(at.account), bid_value(new) - bid_value(old))


def bid_value(order: Order) -> int:
    """What a bid sets aside (nEUR). Raises: Denied AMOUNT_OVERFLOW."""
    return fitting(order.energy_wh * order.limit_price_neur_per_wh) if order.side is Side.SIDE_BID else 0


def _have_cleared(books: Books, at: OrderOf, gate: int) -> None:
    """The first order, or cancellation, of a book has it cleared at its gate."""
    book = BookOf(*at[:3])
    if books.open_books.get(book) is None:
        books.open_books.put(book, Book(*book, gate_s=gate))
        wait(books, Moment.MOMENT_GATE, gate, book_bytes(book))


def cancel(case: Case, m: CancelOrder) -> None:
    """Also where there is nothing to cancel the nonce stays: an older order that comes later is refused."""
    books, opened = case.books, _open(case, m)
    at, old = opened.at, opened.old
    nothing = Order(case.sender, old.side, nonce=case.nonce)
    if old.energy_wh:
        _back(books, at, opened.product, old, nothing)
        books.orders.put(at, nothing)
        case.events.append(OrderCancelled(m.vdg, m.product, m.slot, case.sender))
        return
    books.orders.put(at, nothing)
    _have_cleared(books, at, opened.gate_s)
    raise Kept(Code.UNKNOWN_ORDER)
