"""Queries of money and debts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.modules.ledger.debts import in_debt
from abci_app.modules.ledger.keys import BALANCES, DEBTS, MAX_HOLDER_BYTES, debtor_prefix
from abci_app.modules.ledger.store import balance_of
from abci_app.modules.module import Query
from wire.ledger import (
    EUR,
    ISSUANCE,
    GetBalanceRequest,
    GetBalanceResponse,
    GetSupplyRequest,
    GetSupplyResponse,
    ListDebtsRequest,
    ListDebtsResponse,
)


def get_balance(context: Context, request: GetBalanceRequest) -> GetBalanceResponse:
    """What a holder has."""
    return GetBalanceResponse(balance_of(context.state, request.holder), in_debt(context.state, request.holder))


def list_debts(context: Context, request: ListDebtsRequest) -> ListDebtsResponse:
    """What a debtor owes. Raises: Refusal INVALID_FIELD."""
    check.length("debtor", request.debtor, 1, MAX_HOLDER_BYTES)
    key = debtor_prefix(request.debtor)
    return ListDebtsResponse(*DEBTS.page(context.state, key, request.page_token, request.limit))


def get_supply(context: Context, _: GetSupplyRequest) -> GetSupplyResponse:
    """What was minted less burned, and the sum over all holders (a walk over every balance)."""
    own = EUR.encode() + b"/"
    held = sum(
        balance.free_neur + balance.escrow_neur
        for key, balance in BALANCES.items(context.state, own)
        if key != own + ISSUANCE
    )
    return GetSupplyResponse(-balance_of(context.state, ISSUANCE).free_neur, held)


QUERIES: Mapping[type[Any], Query] = {
    GetBalanceRequest: get_balance,
    ListDebtsRequest: list_debts,
    GetSupplyRequest: get_supply,
}
