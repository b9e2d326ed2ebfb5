"""Placing, replacing and cancelling orders."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.numbers import bounded, split_evenly
from abci_app.core.refusal import Refusal
from abci_app.modules.asset.api import hold
from abci_app.modules.grid.api import require_grid, require_member, terms_of
from abci_app.modules.grid.slots import MAX_SLOT
from abci_app.modules.ledger.api import in_debt, set_aside
from abci_app.modules.market.gates import require_open, require_product
from abci_app.modules.market.keys import OPEN_BOOKS, ORDERS, POSITIONS, book_key
from abci_app.modules.module import Action
from abci_app.modules.names import slot_account_key
from abci_app.state.due import schedule
from wire.accounts import Role
from wire.chain import Moment
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

_NO_ORDER = Order()
_NO_POSITION = Position()


def check_place(message: PlaceOrder) -> None:
    """Fields of PlaceOrder."""
    check.name("vdg", message.vdg)
    check.name("product", message.product)
    check.positive("energy_wh", message.energy_wh)
    check.positive("limit_price_neur_per_wh", message.limit_price_neur_per_wh)
    check.at_most("slot", message.slot, MAX_SLOT)
    if message.side is Side.SIDE_UNSPECIFIED:
        raise check.invalid("side", message.side.name, "give SIDE_BID or SIDE_ASK")


def place(context: Context, message: PlaceOrder) -> None:
    """Place an order or replace the account's earlier one in the same book.

    Raises: Refusal UNKNOWN_VDG, UNKNOWN_PRODUCT, NOT_A_MEMBER, SLOT_INVALID, SLOT_OUT_OF_RANGE, GATE_CLOSED,
    SUPERSEDED, IN_DEBT, PRICE_OUT_OF_RANGE, ENERGY_OUT_OF_RANGE, ABOVE_CAP, BEYOND_AVAILABILITY, INSUFFICIENT_FUNDS.
    """
    state, account = context.state, context.sender
    grid = require_grid(state, message.vdg)
    product = require_product(state, message.product)
    require_member(state, message.vdg, account)
    gate = require_open(grid, product, message.slot, context.time_s)
    book = book_key(message.vdg, message.product, message.slot)
    old = _live_order(state, book, context)
    if in_debt(state, account_holder(account)):
        raise Refusal(Code.IN_DEBT, f"account = {account.hex()} owes money: pay its debts before placing orders")
    _require_limits(product, message)
    _require_below_cap(state, product, message, account)
    new = Order(account, message.side, message.energy_wh, message.limit_price_neur_per_wh, context.nonce)
    _back(state, message.vdg, product, message.slot, old, new)
    # After this point the action must succeed.
    ORDERS.put(state, book + account, new)
    _open_book(state, book, Book(message.vdg, message.product, message.slot, gate))
    context.emit(OrderPlaced(message.vdg, message.product, message.slot, account, *new[1:4]))


def _open_book(state: State, key: bytes, book: Book) -> None:
    """Have the book cleared at its gate; asking again is fine."""
    if OPEN_BOOKS.get(state, key) is None:
        OPEN_BOOKS.put(state, key, book)
        schedule(state, Moment.MOMENT_GATE, book.gate_s, key)


def _live_order(state: State, book: bytes, context: Context) -> Order:
    """The sender's order in a book (energy 0 for none). Raises: Refusal SUPERSEDED."""
    old = ORDERS.get(state, book + context.sender) or _NO_ORDER
    if old.nonce > context.nonce:
        raise Refusal(Code.SUPERSEDED, f"nonce = {context.nonce}: what came with nonce {old.nonce} is newer and stays")
    return old


def _require_limits(product: Product, message: PlaceOrder) -> None:
    if message.limit_price_neur_per_wh > product.max_price_neur_per_wh:
        raise Refusal(
            Code.PRICE_OUT_OF_RANGE,
            f"limit_price_neur_per_wh = {message.limit_price_neur_per_wh}: {product.name} allows at most "
            f"{product.max_price_neur_per_wh}",
        )
    if message.energy_wh > product.max_energy_wh:
        raise Refusal(
            Code.ENERGY_OUT_OF_RANGE,
            f"energy_wh = {message.energy_wh}: {product.name} allows at most {product.max_energy_wh} an order",
        )


def _require_below_cap(state: State, product: Product, message: PlaceOrder, account: bytes) -> None:
    """The order with what is contracted stays within the DSO's cap of each of its slots (ADR 6)."""
    for index, energy in enumerate(split_evenly(message.energy_wh, product.block_slots)):
        slot = message.slot + index
        terms = terms_of(state, message.vdg, slot)
        if not terms.capped:
            continue
        position = POSITIONS.get(state, slot_account_key(message.vdg, slot, account)) or _NO_POSITION
        buying = message.side is Side.SIDE_BID
        cap = terms.import_cap_wh if buying else terms.export_cap_wh
        committed = energy + (position.bought_wh if buying else position.sold_wh)
        if committed > cap:
            why = f" ({terms.cap_reason})" if terms.cap_reason else ""
            raise Refusal(
                Code.ABOVE_CAP,
                f"energy_wh: slot {slot} would have {committed} Wh committed and the DSO caps it at {cap}{why}; "
                "offer less",
            )


def _back(state: State, vdg: str, product: Product, slot: int, old: Order, new: Order) -> None:
    """Set aside what backs the new order and free what backed the old.

    Raises: Refusal BEYOND_AVAILABILITY, INSUFFICIENT_FUNDS, AMOUNT_OVERFLOW.
    """
    offered = new.energy_wh if new.side is Side.SIDE_ASK else 0
    freed = old.energy_wh if old.side is Side.SIDE_ASK else 0
    if offered or freed:
        parts = zip(split_evenly(offered, product.block_slots), split_evenly(freed, product.block_slots), strict=True)
        for index, (more, less) in enumerate(parts):
            hold(state, vdg, slot + index, new.account, more - less)
    set_aside(state, account_holder(new.account), _escrow_neur(new) - _escrow_neur(old))


def _escrow_neur(order: Order) -> int:
    """What a bid sets aside: energy times limit; an ask sets aside no money."""
    if order.side is not Side.SIDE_BID:
        return 0
    return bounded(order.energy_wh * order.limit_price_neur_per_wh, "energy_wh times limit_price_neur_per_wh")


def check_cancel(message: CancelOrder) -> None:
    """Fields of CancelOrder."""
    check.name("vdg", message.vdg)
    check.name("product", message.product)
    check.at_most("slot", message.slot, MAX_SLOT)


def cancel(context: Context, message: CancelOrder) -> None:
    """Take the order out. What remains is its nonce, so that an older order that arrives later is refused.

    That holds too for an order that was not there yet, whose cancellation overtook it: UNKNOWN_ORDER keeps the nonce.
    The times come before UNKNOWN_ORDER, since from the gate on nothing is in the book.

    Raises: Refusal UNKNOWN_VDG, UNKNOWN_PRODUCT, NOT_A_MEMBER, SLOT_INVALID, SLOT_OUT_OF_RANGE, GATE_CLOSED,
    UNKNOWN_ORDER, SUPERSEDED.
    """
    state, account = context.state, context.sender
    grid = require_grid(state, message.vdg)
    product = require_product(state, message.product)
    require_member(state, message.vdg, account)
    gate = require_open(grid, product, message.slot, context.time_s)
    book = book_key(message.vdg, message.product, message.slot)
    old = _live_order(state, book, context)
    nothing = Order(account, old.side, 0, 0, context.nonce)
    if not old.energy_wh:

        def record(later: Context) -> None:
            ORDERS.put(later.state, book + account, nothing)
            _open_book(later.state, book, Book(message.vdg, message.product, message.slot, gate))

        raise Refusal(
            Code.UNKNOWN_ORDER,
            f"slot = {message.slot}: the account has no order in this book; older ones that come later are refused",
            record,
        )
    _back(state, message.vdg, product, message.slot, old, nothing)
    # After this point the action must succeed.
    ORDERS.put(state, book + account, nothing)
    context.emit(OrderCancelled(message.vdg, message.product, message.slot, account))


_HOUSEHOLD = (Role.ROLE_HOUSEHOLD,)

ACTIONS = {
    PlaceOrder: Action(check_place, _HOUSEHOLD, place),
    CancelOrder: Action(check_cancel, _HOUSEHOLD, cancel),
}
