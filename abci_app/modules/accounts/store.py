"""Reading accounts, and writing them: the one place that changes who has which role."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.keys import ACCOUNTS
from wire.accounts import Account, AccountAdmitted, AdmitAccount, Role, RolesChanged, SetRoles
from wire.address import address_of
from wire.results import Code


def find_account(state: State, address: bytes) -> Account | None:
    """The account, or None."""
    return ACCOUNTS.get(state, address)


def accounts_with(state: State, role: Role) -> list[Account]:
    """All accounts that have a role, in order of address (a walk over every account)."""
    return [account for account in ACCOUNTS.values(state) if role in account.roles]


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


def require_new(state: State, message: AdmitAccount) -> None:
    """Nobody was admitted with this key. Raises: Refusal ALREADY_EXISTS."""
    address = address_of(message.public_key)
    if ACCOUNTS.get(state, address) is not None:
        raise Refusal(
            Code.ALREADY_EXISTS, f"public_key = {message.public_key.hex()}: its account {address.hex()} exists"
        )


def _check_roles(roles: tuple[Role, ...]) -> None:
    check.length("roles", roles, 1, len(Role) - 1)
    if Role.ROLE_UNSPECIFIED in roles or list(roles) != sorted(set(roles)):
        raise check.invalid("roles", [role.name for role in roles], "give each role once, in order of number")


def check_admit(message: AdmitAccount) -> None:
    """Fields of AdmitAccount."""
    check.public_key("public_key", message.public_key)
    _check_roles(message.roles)
    check.label("label", message.label)


def admit(context: Context, message: AdmitAccount) -> None:
    """Admit an account. Raises: Refusal ALREADY_EXISTS."""
    require_new(context.state, message)
    # After this point the action must succeed.
    address = address_of(message.public_key)
    ACCOUNTS.put(context.state, address, Account(address, message.public_key, message.roles, False, message.label))
    context.emit(AccountAdmitted(address, message.public_key, message.roles, message.label))


def check_set_roles(message: SetRoles) -> None:
    """Fields of SetRoles."""
    check.address("address", message.address)
    _check_roles(message.roles)


def set_roles(context: Context, message: SetRoles) -> None:
    """Replace an account's roles. Raises: Refusal UNKNOWN_ACCOUNT."""
    account = require_account(context.state, "address", message.address)
    # After this point the action must succeed.
    ACCOUNTS.put(context.state, message.address, account._replace(roles=message.roles))
    context.emit(RolesChanged(message.address, message.roles))
