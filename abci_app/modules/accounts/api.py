"""What other modules may ask of accounts."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.keys import ACCOUNTS
from wire.accounts import Account, Role
from wire.results import Code


def find_account(state: State, address: bytes) -> Account | None:
    """The account, or None."""
    return ACCOUNTS.get(state, address)


def require_account(state: State, field: str, address: bytes) -> Account:
    """The account. Raises: Refusal UNKNOWN_ACCOUNT."""
    account = ACCOUNTS.get(state, address)
    if account is None:
        raise Refusal(
            Code.UNKNOWN_ACCOUNT, f"{field} = {address.hex()}: no such account; the registrar admits accounts"
        )
    return account


def require_role(state: State, field: str, address: bytes, role: Role) -> Account:
    """The account, which has the role. Raises: Refusal UNKNOWN_ACCOUNT or WRONG_ROLE."""
    account = require_account(state, field, address)
    if role not in account.roles:
        raise Refusal(
            Code.WRONG_ROLE,
            f"{field} = {address.hex()} has not {role.name}: name an account that has, or have it granted",
        )
    return account
