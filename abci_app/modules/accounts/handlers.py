"""Admission, roles, key rotation, freezing."""

from __future__ import annotations

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.api import require_account
from abci_app.modules.accounts.keys import ACCOUNTS
from abci_app.modules.module import Action
from wire.accounts import (
    Account,
    AccountAdmitted,
    AccountFrozen,
    AdmitAccount,
    KeyRotated,
    Role,
    RolesChanged,
    RotateKey,
    SetFrozen,
    SetRoles,
    rotation_bytes,
)
from wire.address import address_of
from wire.results import Code


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
    """Raises: Refusal ALREADY_EXISTS."""
    address = address_of(message.public_key)
    if ACCOUNTS.get(context.state, address) is not None:
        raise Refusal(
            Code.ALREADY_EXISTS, f"public_key = {message.public_key.hex()}: its account {address.hex()} exists"
        )
    # After this point the action must succeed.
    ACCOUNTS.put(context.state, address, Account(address, message.public_key, message.roles, False, message.label))
    context.emit(AccountAdmitted(address, message.public_key, message.roles, message.label))


def check_set_roles(message: SetRoles) -> None:
    """Fields of SetRoles."""
    check.address("address", message.address)
    _check_roles(message.roles)


def set_roles(context: Context, message: SetRoles) -> None:
    """Raises: Refusal UNKNOWN_ACCOUNT, NOT_ALLOWED."""
    account = require_account(context.state, "address", message.address)
    if message.address == context.sender and Role.ROLE_REGISTRAR not in message.roles:
        raise Refusal(
            Code.NOT_ALLOWED,
            "address is the sender: a registrar can't drop its own role; have another registrar do it",
        )
    # After this point the action must succeed.
    ACCOUNTS.put(context.state, message.address, account._replace(roles=message.roles))
    context.emit(RolesChanged(message.address, message.roles))


def check_rotate(message: RotateKey) -> None:
    """Fields of RotateKey."""
    check.public_key("public_key", message.public_key)
    check.length("proof", message.proof, 64, 64)


def rotate(context: Context, message: RotateKey) -> None:
    """Raises: Refusal BAD_SIGNATURE when the new key did not sign, ALREADY_EXISTS when it is in use."""
    signed = rotation_bytes(context.chain_id, context.sender, message.public_key)
    try:
        crypto_sign_open(message.proof + signed, message.public_key)
    except (BadSignatureError, ValueError):
        raise Refusal(
            Code.BAD_SIGNATURE, "proof: not the new key's signature over the rotation bytes; sign with the new key"
        ) from None
    account = require_account(context.state, "sender", context.sender)
    if account.public_key == message.public_key:
        raise Refusal(Code.ALREADY_EXISTS, "public_key is the account's key already: give a new one")
    # After this point the action must succeed.
    ACCOUNTS.put(context.state, context.sender, account._replace(public_key=message.public_key))
    context.emit(KeyRotated(context.sender, message.public_key))


def check_set_frozen(message: SetFrozen) -> None:
    """Fields of SetFrozen."""
    check.address("address", message.address)


def set_frozen(context: Context, message: SetFrozen) -> None:
    """Raises: Refusal UNKNOWN_ACCOUNT, NOT_ALLOWED."""
    account = require_account(context.state, "address", message.address)
    if message.address == context.sender:
        raise Refusal(Code.NOT_ALLOWED, "address is the sender: have another registrar freeze this account")
    # After this point the action must succeed.
    ACCOUNTS.put(context.state, message.address, account._replace(frozen=message.frozen))
    context.emit(AccountFrozen(message.address, message.frozen))


_REGISTRAR = (Role.ROLE_REGISTRAR,)

ACTIONS = {
    AdmitAccount: Action(check_admit, _REGISTRAR, admit),
    SetRoles: Action(check_set_roles, _REGISTRAR, set_roles),
    RotateKey: Action(check_rotate, (), rotate),
    SetFrozen: Action(check_set_frozen, _REGISTRAR, set_frozen),
}
