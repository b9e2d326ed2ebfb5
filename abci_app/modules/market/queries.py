"""Queries of the market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.modules.grid.api import find_grid
from abci_app.modules.grid.slots import MAX_SLOT
from abci_app.modules.market.gates import gate_s
from abci_app.modules.market.keys import BOOKS, CONTRACTS, ORDERS, PRODUCTS, book_key
from abci_app.modules.market.positions import position_at
from abci_app.modules.module import Query
from abci_app.modules.names import slot_account_key, slot_key
from wire.market import (
    GetBookRequest,
    GetBookResponse,
    GetOrderRequest,
    GetOrderResponse,
    GetPositionRequest,
    GetPositionResponse,
    ListContractsRequest,
    ListContractsResponse,
    ListProductsRequest,
    ListProductsResponse,
)


def list_products(context: Context, _: ListProductsRequest) -> ListProductsResponse:
    """The products."""
    return ListProductsResponse(tuple(PRODUCTS.values(context.state)))


def get_book(context: Context, request: GetBookRequest) -> GetBookResponse:
    """A book, open or cleared. Raises: Refusal INVALID_FIELD."""
    check.at_most("slot", request.slot, MAX_SLOT)
    key = book_key(request.vdg, request.product, request.slot)
    book = BOOKS.get(context.state, key)
    if book is not None:
        return GetBookResponse(True, book, book.gate_s)
    grid, product = find_grid(context.state, request.vdg), PRODUCTS.get(context.state, request.product.encode())
    gate = gate_s(grid, product, request.slot) if grid and product else 0
    orders = sum(1 for order in ORDERS.values(context.state, key) if order.energy_wh)
    return GetBookResponse(False, None, max(gate, 0), orders)


def get_order(context: Context, request: GetOrderRequest) -> GetOrderResponse:
    """An account's live order in an open book."""
    key = book_key(request.vdg, request.product, request.slot)
    order = ORDERS.get(context.state, key + request.account)
    return GetOrderResponse(True, order) if order and order.energy_wh else GetOrderResponse()


def list_contracts(context: Context, request: ListContractsRequest) -> ListContractsResponse:
    """A slot's contracts that wait for settlement."""
    key = slot_key(request.vdg, request.slot)
    found, token = CONTRACTS.page(context.state, key, request.page_token, request.limit)
    if request.account:
        found = tuple(c for c in found if request.account in (c.buyer, c.seller))
    return ListContractsResponse(found, token)


def get_position(context: Context, request: GetPositionRequest) -> GetPositionResponse:
    """What an account has contracted for a slot that is not settled."""
    key = slot_account_key(request.vdg, request.slot, request.account)
    return GetPositionResponse(position_at(context.state, key))


QUERIES: Mapping[type[Any], Query] = {
    ListProductsRequest: list_products,
    GetBookRequest: get_book,
    GetOrderRequest: get_order,
    ListContractsRequest: list_contracts,
    GetPositionRequest: get_position,
}
