"""Queries of switches, phase orders and sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.modules.control.keys import CONTROL_SESSIONS, CONTROL_SIGNALS, GRID_CONTROLS, PHASE_ORDERS, SWITCHES
from abci_app.modules.control.store import control_of
from abci_app.modules.control.terms import MAX_NUMBER
from abci_app.modules.grid.slots import MAX_SLOT
from abci_app.modules.module import Query
from abci_app.modules.names import grid_prefix, slot_account_key, slot_key
from wire.control import (
    GetGridControlRequest,
    GetGridControlResponse,
    GetPhaseOrderRequest,
    GetPhaseOrderResponse,
    GetSessionRequest,
    GetSessionResponse,
    GetSwitchRequest,
    GetSwitchResponse,
    ListPhaseOrdersRequest,
    ListPhaseOrdersResponse,
    ListSessionsRequest,
    ListSessionsResponse,
    ListSignalsRequest,
    ListSignalsResponse,
    ListSwitchesRequest,
    ListSwitchesResponse,
)
from wire.state_keys import session_key


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


def _session_key(vdg: str, slot: int, session: int) -> bytes:
    """Raises: Refusal INVALID_FIELD."""
    check.at_most("slot", slot, MAX_SLOT)
    check.at_most("session", session, MAX_NUMBER)
    return session_key(vdg, slot, session)


def get_session(context: Context, request: GetSessionRequest) -> GetSessionResponse:
    """A session of a slot. Raises: Refusal INVALID_FIELD."""
    session = CONTROL_SESSIONS.get(context.state, _session_key(request.vdg, request.slot, request.session))
    return GetSessionResponse(session is not None, session)


def list_sessions(context: Context, request: ListSessionsRequest) -> ListSessionsResponse:
    """A slot's sessions. Raises: Refusal INVALID_FIELD."""
    check.at_most("slot", request.slot, MAX_SLOT)
    return ListSessionsResponse(tuple(CONTROL_SESSIONS.values(context.state, slot_key(request.vdg, request.slot))))


def list_signals(context: Context, request: ListSignalsRequest) -> ListSignalsResponse:
    """A session's signals. Raises: Refusal INVALID_FIELD."""
    key = _session_key(request.vdg, request.slot, request.session)
    return ListSignalsResponse(*CONTROL_SIGNALS.page(context.state, key, request.page_token, request.limit))


QUERIES: Mapping[type[Any], Query] = {
    GetSwitchRequest: get_switch,
    ListSwitchesRequest: list_switches,
    GetPhaseOrderRequest: get_phase_order,
    ListPhaseOrdersRequest: list_phase_orders,
    GetGridControlRequest: get_grid_control,
    GetSessionRequest: get_session,
    ListSessionsRequest: list_sessions,
    ListSignalsRequest: list_signals,
}
