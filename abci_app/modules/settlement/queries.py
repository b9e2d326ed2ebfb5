"""Queries of settlements and certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.modules.module import Query
from abci_app.modules.names import slot_account_key, slot_key
from abci_app.modules.settlement.keys import (
    CERTIFICATES,
    DECLARATIONS,
    HOLDERS,
    HOLDINGS,
    HOUSEHOLDS,
    SLOTS,
)
from wire.settlement import (
    GetCertificateRequest,
    GetCertificateResponse,
    GetDeclarationRequest,
    GetDeclarationResponse,
    GetHouseholdRequest,
    GetHouseholdResponse,
    GetSlotRequest,
    GetSlotResponse,
    ListHoldingsRequest,
    ListHoldingsResponse,
)


def get_slot(context: Context, request: GetSlotRequest) -> GetSlotResponse:
    """A VDG's settled slot."""
    record = SLOTS.get(context.state, slot_key(request.vdg, request.slot))
    return GetSlotResponse(record is not None, record)


def get_household(context: Context, request: GetHouseholdRequest) -> GetHouseholdResponse:
    """One household's settled slot."""
    record = HOUSEHOLDS.get(context.state, slot_account_key(request.vdg, request.slot, request.account))
    return GetHouseholdResponse(record is not None, record)


def get_declaration(context: Context, request: GetDeclarationRequest) -> GetDeclarationResponse:
    """What a household declared for a slot."""
    record = DECLARATIONS.get(context.state, slot_account_key(request.vdg, request.slot, request.account))
    return GetDeclarationResponse(record is not None, record)


def get_certificate(context: Context, request: GetCertificateRequest) -> GetCertificateResponse:
    """One certificate and who holds how much of it."""
    name = request.certificate_id.encode()
    certificate = CERTIFICATES.get(context.state, name)
    holdings = tuple(HOLDERS.values(context.state, name + b"\x00"))
    return GetCertificateResponse(certificate is not None, certificate, holdings)


def list_holdings(context: Context, request: ListHoldingsRequest) -> ListHoldingsResponse:
    """The certificates that an account holds."""
    return ListHoldingsResponse(*HOLDINGS.page(context.state, request.holder, request.page_token, request.limit))


QUERIES: Mapping[type[Any], Query] = {
    GetSlotRequest: get_slot,
    GetHouseholdRequest: get_household,
    GetDeclarationRequest: get_declaration,
    GetCertificateRequest: get_certificate,
    ListHoldingsRequest: list_holdings,
}
