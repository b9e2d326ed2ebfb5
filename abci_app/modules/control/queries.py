"""Queries of switches and phase orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.modules.control.keys import GRID_CONTROLS, PHASE_ORDERS, SWITCHES
from abci_app.modules.control.store import control_of
from abci_app.modules.grid.slots import MAX_SLOT
from abci_app.modules.module import Query
from abci_app.modules.names import grid_prefix, slot_account_key, slot_key
from wire.control import (
    GetGridControlRequest,
    GetGridControlResponse,
    GetPhaseOrderRequest,
    GetPhaseOrderResponse,
    GetSwitchRequest,
    GetSwitchResponse,
    ListPhaseOrdersRequest,
    ListPhaseOrdersResponse,
    ListSwitchesRequest,
    ListSwitchesResponse,
)


def get_switch(context: Context, request: GetSwitchRequest) -> GetSwitchResponse:
    """A home's switch."""
    switch = SWITCHES.get(context.state, grid_prefix(request.vdg) + request.account)
    return GetSwitchResponse(switch is not None, switch)


def list_switches(context: Context, request: ListSwitchesRequest) -> ListSwitchesResponse:
    """A VDG's switches."""
    page = SWITCHES.page(context.state, grid_prefix(request.vdg), request.page_token, request.limit)
    return ListSwitchesResponse(*page)


def get_phase_order(context: Context, request: GetPhaseOrderRequest) -> GetPhaseOrderResponse:
    """The order to one switch for a slot. Raises: Refusal INVALID_FIELD."""
    check.at_most("slot", request.slot, MAX_SLOT)
    order = PHASE_ORDERS.get(context.state, slot_account_key(request.vdg, request.slot, request.account))
    return GetPhaseOrderResponse(order is not None, order)


def list_phase_orders(context: Context, request: ListPhaseOrdersRequest) -> ListPhaseOrdersResponse:
    """A slot's phase orders. Raises: Refusal INVALID_FIELD."""
    check.at_most("slot", request.slot, MAX_SLOT)
    key = slot_key(request.vdg, request.slot)
    return ListPhaseOrdersResponse(*PHASE_ORDERS.page(context.state, key, request.page_token, request.limit))


def get_grid_control(context: Context, request: GetGridControlRequest) -> GetGridControlResponse:
    """A VDG's limits."""
    found = GRID_CONTROLS.get(context.state, grid_prefix(request.vdg)) is not None
    return GetGridControlResponse(found, control_of(context.state, request.vdg))


QUERIES: Mapping[type[Any], Query] = {
    GetSwitchRequest: get_switch,
    ListSwitchesRequest: list_switches,
    GetPhaseOrderRequest: get_phase_order,
    ListPhaseOrdersRequest: list_phase_orders,
    GetGridControlRequest: get_grid_control,
}
