"""Every kind of change: how it is checked, in order of precedence, and made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.modules.accounts.api import check_admit, check_set_roles
from abci_app.modules.control.api import check_limits
from abci_app.modules.governance import parameters, roles, upgrades, validators
from wire.accounts import AdmitAccount, SetRoles
from wire.chain import UpgradePlan
from wire.control import SetSwitchingLimits
from wire.governance import (
    AddValidator,
    CancelUpgrade,
    Change,
    GovernanceParameters,
    RemoveValidator,
    RotateValidatorKey,
    SetChainLimits,
    SetOperator,
    SetPower,
    SetProductLimits,
    SetRewardTerms,
)
from wire.settlement import SettlementParameters


def _fields(_: Any) -> None:
    """Nothing can be wrong with the fields that depends on no state."""


def _state(_: Context, __: Any) -> None:
    """Nothing can be wrong that depends on the state."""


class Kind(NamedTuple):
    """``fields`` are checked without state; ``named`` is what the change names, ``bounds`` how far it may go.

    ``apply`` is called in the same state after all of these, and succeeds.
    """

    fields: Callable[[Any], None]
    named: Callable[[Context, Any], None]
    bounds: Callable[[Context, Any], None]
    apply: Callable[[Context, Any], None]


KINDS: Mapping[type[Any], Kind] = {
    AddValidator: Kind(validators.check_add, validators.name_add, validators.bound_add, validators.add),
    RemoveValidator: Kind(validators.check_remove, validators.name_remove, validators.bound_remove, validators.remove),
    SetPower: Kind(validators.check_power, validators.name_power, validators.bound_power, validators.set_power),
    RotateValidatorKey: Kind(
        validators.check_rotation, validators.name_rotation, validators.bound_rotation, validators.rotate
    ),
    SetOperator: Kind(validators.check_operator, validators.name_operator, _state, validators.set_operator),
    AdmitAccount: Kind(check_admit, roles.name_admission, roles.bound_admission, roles.apply_admission),
    SetRoles: Kind(check_set_roles, roles.name_roles, roles.bound_roles, roles.apply_roles),
    SetChainLimits: Kind(
        parameters.check_chain_limits, _state, parameters.bound_chain_limits, parameters.apply_chain_limits
    ),
    GovernanceParameters: Kind(_fields, _state, parameters.bound_governance, parameters.apply_governance),
    SettlementParameters: Kind(_fields, _state, parameters.bound_settlement, parameters.apply_settlement),
    SetProductLimits: Kind(
        parameters.check_product_limits,
        parameters.name_product_limits,
        parameters.bound_product_limits,
        parameters.apply_product_limits,
    ),
    SetRewardTerms: Kind(
        parameters.check_reward_terms,
        parameters.name_reward_terms,
        parameters.bound_reward_terms,
        parameters.apply_reward_terms,
    ),
    SetSwitchingLimits: Kind(
        check_limits,
        parameters.name_switching_limits,
        parameters.bound_switching_limits,
        parameters.apply_switching_limits,
    ),
    UpgradePlan: Kind(_fields, upgrades.name_plan, upgrades.bound_plan, upgrades.apply_plan),
    CancelUpgrade: Kind(_fields, upgrades.name_cancellation, _state, upgrades.apply_cancellation),
}


def given(change: Change | None) -> Any:
    """The one change that is given. Raises: Refusal INVALID_FIELD for none or several."""
    found = [part for part in change or () if part is not None]
    if len(found) != 1:
        raise check.invalid("change (changes given)", len(found), f"give exactly one of {', '.join(Change._fields)}")
    return found[0]


def check_fields(change: Change | None) -> None:
    """Fields of a change."""
    one = given(change)
    KINDS[type(one)].fields(one)


def require_named(context: Context, change: Change) -> None:
    """What the change names is there. Raises: Refusal BAD_SIGNATURE to KEY_USED, as the kind has it."""
    one = given(change)
    KINDS[type(one)].named(context, one)


def require_bounds(context: Context, change: Change) -> None:
    """The change goes not too far. Raises: Refusal OUT_OF_BOUNDS to QUORUM_AT_RISK, as the kind has it."""
    one = given(change)
    KINDS[type(one)].bounds(context, one)


def apply(context: Context, change: Change) -> None:
    """Make a change that was checked in this state."""
    one = given(change)
    KINDS[type(one)].apply(context, one)
