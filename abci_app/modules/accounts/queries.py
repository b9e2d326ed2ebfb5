"""Queries of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.modules.accounts.keys import ACCOUNTS, NONCES
from abci_app.modules.module import Query
from wire.accounts import GetAccountRequest, GetAccountResponse, ListAccountsRequest, ListAccountsResponse


def get_account(context: Context, request: GetAccountRequest) -> GetAccountResponse:
    """One account and its nonces."""
    account = ACCOUNTS.get(context.state, request.address)
    return GetAccountResponse(account is not None, account, NONCES.get(context.state, request.address))


def list_accounts(context: Context, request: ListAccountsRequest) -> ListAccountsResponse:
    """Accounts in order of address."""
    return ListAccountsResponse(*ACCOUNTS.page(context.state, b"", request.page_token, request.limit))


QUERIES: Mapping[type[Any], Query] = {GetAccountRequest: get_account, ListAccountsRequest: list_accounts}
