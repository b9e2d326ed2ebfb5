"""Accounts are admitted and get roles by the operators' decision; above all, who is an operator."""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.modules.accounts.api import admit, require_account, require_new, set_roles
from abci_app.modules.governance.electorate import (
    operators_after,
    operators_of,
    parameters_of,
    require_decidable,
    set_operators,
)
from wire.accounts import AdmitAccount, SetRoles
from wire.address import address_of


def name_admission(context: Context, message: AdmitAccount) -> None:
    """Raises: Refusal ALREADY_EXISTS."""
    require_new(context.state, message)


def bound_admission(context: Context, message: AdmitAccount) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    _require_decidable(context, operators_after(context.state, address_of(message.public_key), message.roles))


def apply_admission(context: Context, message: AdmitAccount) -> None:
    """Write what was checked."""
    set_operators(context.state, operators_after(context.state, address_of(message.public_key), message.roles))
    admit(context, message)


def name_roles(context: Context, message: SetRoles) -> None:
    """Raises: Refusal UNKNOWN_ACCOUNT."""
    require_account(context.state, "address", message.address)


def bound_roles(context: Context, message: SetRoles) -> None:
    """Raises: Refusal OUT_OF_BOUNDS."""
    _require_decidable(context, operators_after(context.state, message.address, message.roles))


def apply_roles(context: Context, message: SetRoles) -> None:
    """Write what was checked."""
    set_operators(context.state, operators_after(context.state, message.address, message.roles))
    set_roles(context, message)


def _require_decidable(context: Context, operators: tuple[bytes, ...]) -> None:
    """Whatever else an account may do, only a change of operators can be out of bounds."""
    if operators != operators_of(context.state):
        require_decidable(parameters_of(context.state).threshold, len(operators))
