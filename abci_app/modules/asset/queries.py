"""Queries of devices and availability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.modules.asset.api import availability_of, capacity_wh
from abci_app.modules.asset.keys import OWNED
from abci_app.modules.module import Query
from wire.asset import (
    GetAvailabilityRequest,
    GetAvailabilityResponse,
    ListAssetsRequest,
    ListAssetsResponse,
)


def list_assets(context: Context, request: ListAssetsRequest) -> ListAssetsResponse:
    """An account's devices."""
    return ListAssetsResponse(*OWNED.page(context.state, request.owner, request.page_token, request.limit))


def get_availability(context: Context, request: GetAvailabilityRequest) -> GetAvailabilityResponse:
    """One account's availability in one slot."""
    return GetAvailabilityResponse(
        availability_of(context.state, request.vdg, request.slot, request.account),
        capacity_wh(context.state, request.vdg, request.account),
    )


QUERIES: Mapping[type[Any], Query] = {ListAssetsRequest: list_assets, GetAvailabilityRequest: get_availability}
