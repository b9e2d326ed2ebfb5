"""No block empties the validator set or moves power faster than the rule; operators are who has the role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.core.refusal import InvariantBroken
from abci_app.modules.governance.keys import ELECTORATE
from abci_app.modules.governance.power import MAX_TOTAL_POWER, powers_of
from wire.accounts import Role

_VALIDATORS, _ACCOUNTS, _ELECTORATE = b"chain/v", b"accounts/a", b"governance/v"


def check_governance(before: Context, changes: Mapping[bytes, Any]) -> None:
    """Check validators and operators where the block changed any. Raises: InvariantBroken."""
    powers = {
        key[len(_VALIDATORS) :]: after.power if after else 0
        for key, after in changes.items()
        if key.startswith(_VALIDATORS)
    }
    if powers:
        _check_power(before, powers)
    if _ELECTORATE in changes or any(key.startswith(_ACCOUNTS) for key in changes):
        _check_operators(before, changes)


def _check_power(before: Context, powers: Mapping[bytes, int]) -> None:
    old = powers_of(before.state)
    total_before, total = sum(old.values()), sum((old | dict(powers)).values())
    steps = [power - old.get(key, 0) for key, power in powers.items()]
    given, taken = sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)
    if not 0 < total <= MAX_TOTAL_POWER or total_before + given > MAX_TOTAL_POWER:
        raise InvariantBroken(f"height {before.height}: the validators' power goes from {total_before} to {total}")
    if not total_before:
        return  # the first block, which brings the genesis
    if 3 * given >= total_before or 2 * taken + given >= total_before:
        raise InvariantBroken(
            f"height {before.height} gives {given} and takes {taken} of {total_before} power, faster than the rule"
        )


def _check_operators(before: Context, changes: Mapping[bytes, Any]) -> None:
    electorate = changes.get(_ELECTORATE) or ELECTORATE.get(before.state, b"")
    operators = electorate.operators if electorate else ()
    for key, account in changes.items():
        if not key.startswith(_ACCOUNTS) or account is None:
            continue
        if (Role.ROLE_OPERATOR in account.roles) != (account.address in operators):
            raise InvariantBroken(
                f"height {before.height}: account {account.address.hex()} has {[role.name for role in account.roles]}, "
                f"the operators are {[operator.hex() for operator in operators]}"
            )
