"""Queries of VDGs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.grid.api import find_grid, slot_at, tariff_at, terms_of
from abci_app.modules.grid.keys import GRIDS, MEMBERS, PROOF_KEYS
from abci_app.modules.grid.slots import MAX_SLOT
from abci_app.modules.module import Query
from abci_app.modules.names import grid_prefix
from abci_app.state.collection import MAX_PAGE
from wire.grid import (
    GetGridRequest,
    GetGridResponse,
    ListGridsRequest,
    ListGridsResponse,
    ListMembersRequest,
    ListMembersResponse,
    ListProofKeysRequest,
    ListProofKeysResponse,
    ListTermsRequest,
    ListTermsResponse,
    Tariff,
)


def get_grid(context: Context, request: GetGridRequest) -> GetGridResponse:
    """One VDG, its tariff in force and the current slot."""
    grid = find_grid(context.state, request.vdg)
    if grid is None:
        return GetGridResponse()
    slot = slot_at(grid, context.time_s)
    tariff: Tariff | None
    try:
        tariff = tariff_at(context.state, grid.vdg, slot)
    except Refusal:
        tariff = None  # none was posted yet, which the answer shows
    return GetGridResponse(True, grid, tariff, slot, context.time_s)


def list_grids(context: Context, request: ListGridsRequest) -> ListGridsResponse:
    """All VDGs."""
    return ListGridsResponse(*GRIDS.page(context.state, b"", request.page_token, request.limit))


def list_members(context: Context, request: ListMembersRequest) -> ListMembersResponse:
    """Members in order of address."""
    return ListMembersResponse(
        *MEMBERS.page(context.state, grid_prefix(request.vdg), request.page_token, request.limit)
    )


def list_terms(context: Context, request: ListTermsRequest) -> ListTermsResponse:
    """What was posted for consecutive slots. Raises: Refusal INVALID_FIELD."""
    check.at_most("first_slot", request.first_slot, MAX_SLOT)
    slots = range(request.first_slot, request.first_slot + min(request.slots, MAX_PAGE))
    return ListTermsResponse(tuple(terms_of(context.state, request.vdg, slot) for slot in slots))


def list_proof_keys(context: Context, request: ListProofKeysRequest) -> ListProofKeysResponse:
    """The key in force and those before it."""
    return ListProofKeysResponse(
        *PROOF_KEYS.page(context.state, grid_prefix(request.vdg), request.page_token, request.limit)
    )


QUERIES: Mapping[type[Any], Query] = {
    GetGridRequest: get_grid,
    ListGridsRequest: list_grids,
    ListMembersRequest: list_members,
    ListTermsRequest: list_terms,
    ListProofKeysRequest: list_proof_keys,
}
