"""The local market: products, orders, books, contracts (MODEL sections 4 and 5)."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NamedTuple

from wire.fields import choice_of, flag, many, one, raw, text, uint


class Side(IntEnum):
    """Whether an order buys or sells."""

    SIDE_UNSPECIFIED = 0
    SIDE_BID = 1
    SIDE_ASK = 2


class GateKind(IntEnum):
    """How a product's gate closure follows from its slot."""

    GATE_KIND_UNSPECIFIED = 0
    # ``gate_slots`` slots before the slot starts.
    GATE_KIND_BEFORE_START = 1
    # At slot ``gate_slots`` of the day before.
    GATE_KIND_DAY_BEFORE = 2


class Product(NamedTuple):
    """A market product. Orders name the first slot of a block of ``block_slots``; the gate is in slots."""

    name: Annotated[str, text(1)] = ""
    block_slots: Annotated[int, uint(2)] = 0
    gate_kind: Annotated[GateKind, choice_of(3, GateKind)] = GateKind.GATE_KIND_UNSPECIFIED
    gate_slots: Annotated[int, uint(4)] = 0
    horizon_slots: Annotated[int, uint(5)] = 0
    max_energy_wh: Annotated[int, uint(6)] = 0
    max_price_neur_per_wh: Annotated[int, uint(7)] = 0


class Order(NamedTuple):
    """An account's live order in a book. Energy 0 marks a cancelled one, kept so that the higher nonce wins."""

    account: Annotated[bytes, raw(1)] = b""
    side: Annotated[Side, choice_of(2, Side)] = Side.SIDE_UNSPECIFIED
    energy_wh: Annotated[int, uint(3)] = 0
    limit_price_neur_per_wh: Annotated[int, uint(4)] = 0
    nonce: Annotated[int, uint(5)] = 0


class Contract(NamedTuple):
    """A pair of winners: whose energy goes to whom in one slot, at which prices."""

    contract_id: Annotated[str, text(1)] = ""
    vdg: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    product: Annotated[str, text(4)] = ""
    buyer: Annotated[bytes, raw(5)] = b""
    seller: Annotated[bytes, raw(6)] = b""
    energy_wh: Annotated[int, uint(7)] = 0
    buy_price_neur_per_wh: Annotated[int, uint(8)] = 0
    sell_price_neur_per_wh: Annotated[int, uint(9)] = 0


class Book(NamedTuple):
    """The record of a cleared book: critical pair, volumes, prices and the block that cleared it."""

    vdg: Annotated[str, text(1)] = ""
    product: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    gate_s: Annotated[int, uint(4)] = 0
    height: Annotated[int, uint(5)] = 0
    seed: Annotated[bytes, raw(6)] = b""
    bids: Annotated[int, uint(7)] = 0
    asks: Annotated[int, uint(8)] = 0
    critical_buyer: Annotated[bytes, raw(9)] = b""
    critical_seller: Annotated[bytes, raw(10)] = b""
    bid_volume_wh: Annotated[int, uint(11)] = 0
    ask_volume_wh: Annotated[int, uint(12)] = 0
    volume_wh: Annotated[int, uint(13)] = 0
    buy_price_neur_per_wh: Annotated[int, uint(14)] = 0
    sell_price_neur_per_wh: Annotated[int, uint(15)] = 0
    contracts: Annotated[int, uint(16)] = 0


class Position(NamedTuple):
    """What an account has contracted for a slot, over all products (Wh)."""

    bought_wh: Annotated[int, uint(1)] = 0
    sold_wh: Annotated[int, uint(2)] = 0


class PlaceOrder(NamedTuple):
    """A member's order; replaces its earlier one in the same book."""

    vdg: Annotated[str, text(1)] = ""
    product: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    side: Annotated[Side, choice_of(4, Side)] = Side.SIDE_UNSPECIFIED
    energy_wh: Annotated[int, uint(5)] = 0
    limit_price_neur_per_wh: Annotated[int, uint(6)] = 0


class CancelOrder(NamedTuple):
    """A member takes its order out of a book."""

    vdg: Annotated[str, text(1)] = ""
    product: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0


class OrderPlaced(NamedTuple):
    """Event: an account's order in a book is now this."""

    vdg: Annotated[str, text(1)] = ""
    product: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    account: Annotated[bytes, raw(4)] = b""
    side: Annotated[Side, choice_of(5, Side)] = Side.SIDE_UNSPECIFIED
    energy_wh: Annotated[int, uint(6)] = 0
    limit_price_neur_per_wh: Annotated[int, uint(7)] = 0


class OrderCancelled(NamedTuple):
    """Event: an account has no order in a book any more."""

    vdg: Annotated[str, text(1)] = ""
    product: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    account: Annotated[bytes, raw(4)] = b""


class BookCleared(NamedTuple):
    """Event: a book is cleared."""

    book: Annotated[Book | None, one(1, Book)] = None


class ContractMade(NamedTuple):
    """Event: a contract."""

    contract: Annotated[Contract | None, one(1, Contract)] = None


class ListProductsRequest(NamedTuple):
    """Query: the products."""


class ListProductsResponse(NamedTuple):
    """In order of name."""

    products: Annotated[tuple[Product, ...], many(one(1, Product))] = ()


class GetBookRequest(NamedTuple):
    """Query: a book, open or cleared."""

    vdg: Annotated[str, text(1)] = ""
    product: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0


class GetBookResponse(NamedTuple):
    """The record once cleared; else the gate and how many orders wait. Open orders are not shown."""

    cleared: Annotated[bool, flag(1)] = False
    book: Annotated[Book | None, one(2, Book)] = None
    gate_s: Annotated[int, uint(3)] = 0
    orders: Annotated[int, uint(4)] = 0


class GetOrderRequest(NamedTuple):
    """Query: an account's order in an open book."""

    vdg: Annotated[str, text(1)] = ""
    product: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    account: Annotated[bytes, raw(4)] = b""


class GetOrderResponse(NamedTuple):
    """The order, if there is one."""

    found: Annotated[bool, flag(1)] = False
    order: Annotated[Order | None, one(2, Order)] = None


class ListContractsRequest(NamedTuple):
    """Query: a slot's unsettled contracts, paged; ``account`` keeps only those it is a side of."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    page_token: Annotated[bytes, raw(4)] = b""
    limit: Annotated[int, uint(5)] = 0


class ListContractsResponse(NamedTuple):
    """A page, in order of id."""

    contracts: Annotated[tuple[Contract, ...], many(one(1, Contract))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class GetPositionRequest(NamedTuple):
    """Query: what an account has contracted for a slot that is not settled."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""


class GetPositionResponse(NamedTuple):
    """Zero when nothing is contracted."""

    position: Annotated[Position | None, one(1, Position)] = None
