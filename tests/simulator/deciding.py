"""What operators propose, approve and take back: validators, roles, parameters, upgrades."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.app.keyring import address, sign_with
from tests.simulator.letter import Letter
from tests.simulator.stage import CHAIN_ID, HOMES, OFFICE
from tests.simulator.view import View
from wire.accounts import AdmitAccount, Role, SetRoles
from wire.chain import Quota, UpgradePlan
from wire.control import SetSwitchingLimits
from wire.governance import (
    AddValidator,
    Approve,
    CancelUpgrade,
    Change,
    GovernanceParameters,
    Propose,
    RemoveValidator,
    RotateValidatorKey,
    SetChainLimits,
    SetOperator,
    SetPower,
    SetProductLimits,
    SetRewardTerms,
    Withdraw,
    possession_bytes,
)
from wire.settlement import SettlementParameters

_OPERATORS = ("oscar", "olga", "omar")
_MOST_VALIDATORS = 8


def propose(random: Random, view: View) -> list[Letter]:
    """Any change, and mostly the approvals that make it."""
    change = random.choice((_validator, _validator, _validator, _account, _parameter, _parameter, _upgrade))(
        random, view
    )
    proposer = random.choice((*_OPERATORS, *_OPERATORS, "ann"))
    letters = [Letter(proposer, Propose(change, random.choice(["", "as agreed"])))]
    number = view.proposals() + 1
    others = [operator for operator in _OPERATORS if operator != proposer]
    if random.random() < 0.8:
        letters += [Letter(operator, Approve(number)) for operator in random.sample(others, random.choice([1, 2]))]
    return letters


def approve(random: Random, view: View) -> list[Letter]:
    """A proposal that is open, one that is closed, or none."""
    number = random.choice([*view.open_proposals(), max(view.proposals() - 1, 1), view.proposals() + 1])
    message = Withdraw(number) if random.random() < 0.2 else Approve(number)
    return [Letter(random.choice((*_OPERATORS, *_OPERATORS, "ann")), message)]


def _possession(random: Random, key: str, public_key: bytes, operator: bytes) -> bytes:
    signer = key if random.random() < 0.9 else "zoe"
    return sign_with(signer, possession_bytes(CHAIN_ID, public_key, operator))


def _validator(random: Random, view: View) -> Change:
    """Of those that are there, now and then of one that is not."""
    there = view.validators()
    name, fresh = random.choice([*there, "validator-x"]), f"validator-{random.randrange(60)}"
    key, new = view.learn(name), view.learn(fresh)
    operator = address(random.choice((*_OPERATORS, "ann")))
    match random.randrange(6):
        case 0 | 1 if len(there) < _MOST_VALIDATORS:
            own = random.choice([1, 5, 9, 30, 2**62])
            return Change(add_validator=AddValidator(new, own, operator, _possession(random, fresh, new, operator)))
        case 2:
            return Change(set_power=SetPower(key, random.choice([1, 7, 10, 12, 40, 10**9])))
        case 3:
            record = view.books.validators.get(key)
            proof = _possession(random, fresh, new, record.operator if record else b"")
            return Change(rotate_validator_key=RotateValidatorKey(key, new, proof))
        case 4:
            return Change(set_operator=SetOperator(key, operator))
        case _:
            return Change(remove_validator=RemoveValidator(key))


def _account(random: Random, view: View) -> Change:
    """Roles of the office, which registrars may not give; an operator comes and goes."""
    if random.random() < 0.3:
        role = random.choice([Role.ROLE_OPERATOR, Role.ROLE_ISSUER])
        return Change(admit_account=AdmitAccount(view.learn(f"new-{random.randrange(20)}"), (role,), "decided"))
    name = random.choice([*OFFICE, *HOMES])
    usual = OFFICE.get(name, ["household"])
    roles = tuple(sorted(Role[f"ROLE_{role.upper()}"] for role in usual))
    if random.random() < 0.3:
        roles = tuple(sorted({*roles, random.choice([Role.ROLE_OPERATOR, Role.ROLE_ISSUER, Role.ROLE_REGISTRAR])}))
    return Change(set_roles=SetRoles(address(name), roles))


def _parameter(random: Random, view: View) -> Change:
    """Within bounds or not."""
    many = random.choice([0, 1, 20, 3_600])
    changes: list[Any] = [
        Change(set_chain_limits=SetChainLimits(random.choice([59, 600, 3_600]), (Quota(Role.ROLE_HOUSEHOLD, 64),))),
        Change(set_governance=GovernanceParameters(random.choice([1, 2, 2, 3]), random.choice([59, 60, 600]))),
        Change(set_settlement=SettlementParameters(view.slot_seconds * 5 * many, random.choice([0, 3, 1_000_001]))),
        Change(
            set_product_limits=SetProductLimits(random.choice(view.products).name, 10**9, random.choice([10**7, 0]))
        ),
        Change(set_reward_terms=SetRewardTerms(random.choice(view.vdgs).vdg, many, random.choice([0, 10, 2**40]), 1)),
        Change(set_switching_limits=SetSwitchingLimits(random.choice(view.vdgs).vdg, random.choice([2, 1_001]), 3)),
    ]
    chosen: Change = random.choice(changes)
    return chosen


def _upgrade(random: Random, view: View) -> Change:
    """To a version that nobody has, so far ahead that it is cancelled before."""
    if random.random() < 0.5:
        return Change(cancel_upgrade=CancelUpgrade(random.choice([2, 2, 3])))
    return Change(plan_upgrade=UpgradePlan(random.choice([2, 2, 3]), random.choice([3, 1_000_000, 90_000_000])))
