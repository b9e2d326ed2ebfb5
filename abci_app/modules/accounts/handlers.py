"""Admission, roles, key rotation, freezing."""

from __future__ import annotations

from collections.abc import Sequence

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.core.signature import verified
from abci_app.modules.accounts import store
from abci_app.modules.accounts.keys import ACCOUNTS
from abci_app.modules.module import Action
from abci_app.state.singles import parameters
from wire.accounts import (
    AccountFrozen,
    AdmitAccount,
    KeyRotated,
    Role,
    RotateKey,
    SetFrozen,
    SetRoles,
    rotation_bytes,
)
from wire.results import Code

# The module that, where it is switched on, takes these roles out of the registrar's hands.
_GOVERNANCE = "governance"
# Who has one of these can grant itself any other, mint money, or decide over the chain.
RESERVED_ROLES = (Role.ROLE_ISSUER, Role.ROLE_REGISTRAR, Role.ROLE_OPERATOR)


def _require_not_reserved(state: State, before: Sequence[Role], after: Sequence[Role]) -> None:
    """On a chain with governance only the operators' proposals touch these roles. Raises: Refusal NOT_ALLOWED."""
    changed = [role.name for role in RESERVED_ROLES if (role in before) != (role in after)]
    if changed and _GOVERNANCE in parameters(state).modules:
        raise Refusal(
            Code.NOT_ALLOWED,
            f"roles: {' and '.join(changed)} are granted and withdrawn by the operators' proposals only; propose it",
        )


def admit(context: Context, message: AdmitAccount) -> None:
    """Raises: Refusal ALREADY_EXISTS, NOT_ALLOWED."""
    store.require_new(context.state, message)
    _require_not_reserved(context.state, (), message.roles)
    # After this point the action must succeed.
    store.admit(context, message)


def set_roles(context: Context, message: SetRoles) -> None:
    """Raises: Refusal UNKNOWN_ACCOUNT, NOT_ALLOWED."""
    account = store.require_account(context.state, "address", message.address)
    if message.address == context.sender and Role.ROLE_REGISTRAR not in message.roles:
        raise Refusal(
            Code.NOT_ALLOWED,
            "address is the sender: a registrar can't drop its own role; have another registrar do it",
        )
    _require_not_reserved(context.state, account.roles, message.roles)
    # After this point the action must succeed.
    store.set_roles(context, message)


def check_rotate(message: RotateKey) -> None:
    """Fields of RotateKey."""
    check.public_key("public_key", message.public_key)
    check.length("proof", message.proof, 64, 64)


def rotate(context: Context, message: RotateKey) -> None:
    """Raises: Refusal BAD_SIGNATURE when the new key did not sign, ALREADY_EXISTS when it is in use."""
    signed = rotation_bytes(context.chain_id, context.sender, message.public_key)
    if not verified(message.public_key, message.proof, signed):
        raise Refusal(
            Code.BAD_SIGNATURE, "proof: not the new key's signature over the rotation bytes; sign with the new key"
        )
    account = store.require_account(context.state, "sender", context.sender)
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
    account = store.require_account(context.state, "address", message.address)
    if message.address == context.sender:
        raise Refusal(Code.NOT_ALLOWED, "address is the sender: have another registrar freeze this account")
    if Role.ROLE_OPERATOR in account.roles and _GOVERNANCE in parameters(context.state).modules:
        raise Refusal(
            Code.NOT_ALLOWED,
            f"address = {message.address.hex()} is an operator, who can't be kept from deciding; "
            "have the operators withdraw its role first",
        )
    # After this point the action must succeed.
    ACCOUNTS.put(context.state, message.address, account._replace(frozen=message.frozen))
    context.emit(AccountFrozen(message.address, message.frozen))


_REGISTRAR = (Role.ROLE_REGISTRAR,)

ACTIONS = {
    AdmitAccount: Action(store.check_admit, _REGISTRAR, admit),
    SetRoles: Action(store.check_set_roles, _REGISTRAR, set_roles),
    RotateKey: Action(check_rotate, (), rotate),
    SetFrozen: Action(check_set_frozen, _REGISTRAR, set_frozen),
}
