"""The accounts that are there from the start."""

from __future__ import annotations

from pydantic import Field

from abci_app.core.context import Context
from abci_app.modules.accounts.store import admit, check_admit
from abci_app.modules.genesis_types import PublicKeyHex, RoleName, Section, role_of
from wire.accounts import AdmitAccount


class GenesisAccount(Section):
    """An account: its key, roles, and a label that names no person."""

    public_key: PublicKeyHex
    roles: list[RoleName] = Field(min_length=1)
    label: str = Field(default="", max_length=64)


class AccountsGenesis(Section):
    """Part ``accounts``. One of them should be a registrar, or nobody can be admitted later."""

    accounts: list[GenesisAccount] = Field(default_factory=list)


def write(context: Context, part: AccountsGenesis) -> None:
    """Admit the accounts. Raises: Refusal INVALID_FIELD; ALREADY_EXISTS for a key listed twice."""
    for account in part.accounts:
        roles = tuple(sorted({role_of(name) for name in account.roles}))
        message = AdmitAccount(bytes.fromhex(account.public_key), roles, account.label)
        check_admit(message)
        admit(context, message)
