"""Governance: the operators decide together on validators, parameters, roles and upgrades (docs/governance.md)."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, NamedTuple

from wire.accounts import AdmitAccount, SetRoles
from wire.chain import Quota, UpgradePlan, Validator
from wire.control import SetSwitchingLimits
from wire.fields import choice_of, flag, many, one, raw, text, uint
from wire.settlement import SettlementParameters


class ProposalStatus(IntEnum):
    """What became of a proposal."""

    PROPOSAL_STATUS_UNSPECIFIED = 0
    PROPOSAL_STATUS_OPEN = 1
    PROPOSAL_STATUS_EXECUTED = 2
    PROPOSAL_STATUS_WITHDRAWN = 3
    PROPOSAL_STATUS_EXPIRED = 4


class Offence(IntEnum):
    """What CometBFT proved of a validator; the numbers are those of its MisbehaviorType."""

    OFFENCE_UNSPECIFIED = 0
    OFFENCE_DUPLICATE_VOTE = 1
    OFFENCE_LIGHT_CLIENT_ATTACK = 2


class AddValidator(NamedTuple):
    """A validator joins. ``proof`` is its consensus key's signature over ``possession_bytes``."""

    public_key: Annotated[bytes, raw(1)] = b""
    power: Annotated[int, uint(2)] = 0
    operator: Annotated[bytes, raw(3)] = b""
    proof: Annotated[bytes, raw(4)] = b""


class RemoveValidator(NamedTuple):
    """A validator leaves."""

    public_key: Annotated[bytes, raw(1)] = b""


class SetPower(NamedTuple):
    """A validator gets another voting power."""

    public_key: Annotated[bytes, raw(1)] = b""
    power: Annotated[int, uint(2)] = 0


class RotateValidatorKey(NamedTuple):
    """A validator goes on with another key. ``proof`` is the new key's signature over ``possession_bytes``."""

    public_key: Annotated[bytes, raw(1)] = b""
    new_public_key: Annotated[bytes, raw(2)] = b""
    proof: Annotated[bytes, raw(3)] = b""


class SetOperator(NamedTuple):
    """A validator's rewards go to another account from now on."""

    public_key: Annotated[bytes, raw(1)] = b""
    operator: Annotated[bytes, raw(2)] = b""


class SetChainLimits(NamedTuple):
    """The chain's limits of transactions are replaced."""

    max_expiry_s: Annotated[int, uint(1)] = 0
    quotas: Annotated[tuple[Quota, ...], many(one(2, Quota))] = ()


class GovernanceParameters(NamedTuple):
    """How many operators must approve, and how long a proposal is open (seconds of block time)."""

    threshold: Annotated[int, uint(1)] = 0
    voting_s: Annotated[int, uint(2)] = 0


class SetProductLimits(NamedTuple):
    """What one order of a product may be for is bounded anew; orders that stand already stay."""

    product: Annotated[str, text(1)] = ""
    max_energy_wh: Annotated[int, uint(2)] = 0
    max_price_neur_per_wh: Annotated[int, uint(3)] = 0


class SetRewardTerms(NamedTuple):
    """A VDG's R and a_r of (6.6) and its rank; they hold for every slot that settles from now on."""

    vdg: Annotated[str, text(1)] = ""
    reward_rate_neur_per_wh: Annotated[int, uint(2)] = 0
    deviation_neur_per_wh2: Annotated[int, uint(3)] = 0
    priority: Annotated[int, uint(4)] = 0


class CancelUpgrade(NamedTuple):
    """The planned upgrade does not take place. ``version`` is the one that was planned."""

    version: Annotated[int, uint(1)] = 0


class Change(NamedTuple):
    """What is proposed: exactly one of these is given."""

    add_validator: Annotated[AddValidator | None, one(1, AddValidator)] = None
    remove_validator: Annotated[RemoveValidator | None, one(2, RemoveValidator)] = None
    set_power: Annotated[SetPower | None, one(3, SetPower)] = None
    rotate_validator_key: Annotated[RotateValidatorKey | None, one(4, RotateValidatorKey)] = None
    set_operator: Annotated[SetOperator | None, one(5, SetOperator)] = None
    admit_account: Annotated[AdmitAccount | None, one(6, AdmitAccount)] = None
    set_roles: Annotated[SetRoles | None, one(7, SetRoles)] = None
    set_chain_limits: Annotated[SetChainLimits | None, one(8, SetChainLimits)] = None
    set_governance: Annotated[GovernanceParameters | None, one(9, GovernanceParameters)] = None
    set_settlement: Annotated[SettlementParameters | None, one(10, SettlementParameters)] = None
    set_product_limits: Annotated[SetProductLimits | None, one(11, SetProductLimits)] = None
    set_reward_terms: Annotated[SetRewardTerms | None, one(12, SetRewardTerms)] = None
    plan_upgrade: Annotated[UpgradePlan | None, one(13, UpgradePlan)] = None
    cancel_upgrade: Annotated[CancelUpgrade | None, one(14, CancelUpgrade)] = None
    set_switching_limits: Annotated[SetSwitchingLimits | None, one(15, SetSwitchingLimits)] = None


class Proposal(NamedTuple):
    """A change that operators approve or not. ``closed_height`` is 0 as long as it is open."""

    proposal_id: Annotated[int, uint(1)] = 0
    proposer: Annotated[bytes, raw(2)] = b""
    change: Annotated[Change | None, one(3, Change)] = None
    reason: Annotated[str, text(4)] = ""
    height: Annotated[int, uint(5)] = 0
    expires_s: Annotated[int, uint(6)] = 0
    approvals: Annotated[tuple[bytes, ...], many(raw(7))] = ()
    status: Annotated[ProposalStatus, choice_of(8, ProposalStatus)] = ProposalStatus.PROPOSAL_STATUS_UNSPECIFIED
    closed_height: Annotated[int, uint(9)] = 0


class Electorate(NamedTuple):
    """The operators, in order of address; exactly the accounts that have the role."""

    operators: Annotated[tuple[bytes, ...], many(raw(1))] = ()


class ProposalCount(NamedTuple):
    """How many proposals there were; the last one's number."""

    proposals: Annotated[int, uint(1)] = 0


class ConsensusKey(NamedTuple):
    """A consensus key that is or was a validator's; none is used twice. ``successor`` is the key that replaced it."""

    public_key: Annotated[bytes, raw(1)] = b""
    operator: Annotated[bytes, raw(2)] = b""
    since_height: Annotated[int, uint(3)] = 0
    until_height: Annotated[int, uint(4)] = 0
    successor: Annotated[bytes, raw(5)] = b""


class PowerMoved(NamedTuple):
    """How much voting power the last block that moved any gave and took, and what there was before it."""

    height: Annotated[int, uint(1)] = 0
    total_power: Annotated[int, uint(2)] = 0
    given_power: Annotated[int, uint(3)] = 0
    taken_power: Annotated[int, uint(4)] = 0


class Misbehaviour(NamedTuple):
    """What CometBFT proved of a validator at ``height``, and how much power the rule took from it for that.

    ``public_key`` is the key that it has now, if it was rotated since; empty for one that is not known.
    """

    offence: Annotated[Offence, choice_of(1, Offence)] = Offence.OFFENCE_UNSPECIFIED
    consensus_address: Annotated[bytes, raw(2)] = b""
    public_key: Annotated[bytes, raw(3)] = b""
    height: Annotated[int, uint(4)] = 0
    reported_height: Annotated[int, uint(5)] = 0
    taken_power: Annotated[int, uint(6)] = 0


class Propose(NamedTuple):
    """An operator proposes a change, and approves it with that."""

    change: Annotated[Change | None, one(1, Change)] = None
    reason: Annotated[str, text(2)] = ""


class Approve(NamedTuple):
    """An operator approves a proposal; the one that makes it enough executes it."""

    proposal_id: Annotated[int, uint(1)] = 0


class Withdraw(NamedTuple):
    """The proposer takes its proposal back."""

    proposal_id: Annotated[int, uint(1)] = 0


class ProposalMade(NamedTuple):
    """Event: a proposal is open."""

    proposal: Annotated[Proposal | None, one(1, Proposal)] = None


class ProposalApproved(NamedTuple):
    """Event: an operator approved a proposal; ``approvals`` of ``threshold`` are there."""

    proposal_id: Annotated[int, uint(1)] = 0
    operator: Annotated[bytes, raw(2)] = b""
    approvals: Annotated[int, uint(3)] = 0
    threshold: Annotated[int, uint(4)] = 0


class ProposalClosed(NamedTuple):
    """Event: a proposal was executed, withdrawn, or has expired."""

    proposal: Annotated[Proposal | None, one(1, Proposal)] = None


class ValidatorChanged(NamedTuple):
    """Event: a validator is now this; power 0 says that it left. CometBFT follows two blocks later."""

    validator: Annotated[Validator | None, one(1, Validator)] = None


class UpgradePlanned(NamedTuple):
    """Event: from ``height`` on another version of the software executes blocks."""

    plan: Annotated[UpgradePlan | None, one(1, UpgradePlan)] = None


class UpgradeCancelled(NamedTuple):
    """Event: a planned upgrade does not take place."""

    plan: Annotated[UpgradePlan | None, one(1, UpgradePlan)] = None


class MisbehaviourRecorded(NamedTuple):
    """Event: CometBFT reported a validator, and this was done about it."""

    misbehaviour: Annotated[Misbehaviour | None, one(1, Misbehaviour)] = None


class GetGovernanceRequest(NamedTuple):
    """Query: who decides, how, and which upgrade is planned."""


class GetGovernanceResponse(NamedTuple):
    """Parameters, operators, the version of the rules in force, the planned upgrade, and the last moves of power."""

    parameters: Annotated[GovernanceParameters | None, one(1, GovernanceParameters)] = None
    operators: Annotated[tuple[bytes, ...], many(raw(2))] = ()
    app_version: Annotated[int, uint(3)] = 0
    upgrade: Annotated[UpgradePlan | None, one(4, UpgradePlan)] = None
    power_moved: Annotated[PowerMoved | None, one(5, PowerMoved)] = None


class GetProposalRequest(NamedTuple):
    """Query: one proposal."""

    proposal_id: Annotated[int, uint(1)] = 0


class GetProposalResponse(NamedTuple):
    """The proposal, open or closed, if there is one of this number."""

    found: Annotated[bool, flag(1)] = False
    proposal: Annotated[Proposal | None, one(2, Proposal)] = None


class ListProposalsRequest(NamedTuple):
    """Query: proposals in order of number, paged: those that are open, or with ``closed`` those that are not."""

    closed: Annotated[bool, flag(1)] = False
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListProposalsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    proposals: Annotated[tuple[Proposal, ...], many(one(1, Proposal))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class ListValidatorsRequest(NamedTuple):
    """Query: the validators."""


class ListValidatorsResponse(NamedTuple):
    """In order of key, with the sum of their power. CometBFT's own set is this one from two blocks later on."""

    validators: Annotated[tuple[Validator, ...], many(one(1, Validator))] = ()
    total_power: Annotated[int, uint(2)] = 0


class GetConsensusKeyRequest(NamedTuple):
    """Query: what became of a consensus key."""

    public_key: Annotated[bytes, raw(1)] = b""


class GetConsensusKeyResponse(NamedTuple):
    """The record, if the key is or was a validator's."""

    found: Annotated[bool, flag(1)] = False
    consensus_key: Annotated[ConsensusKey | None, one(2, ConsensusKey)] = None


class ListMisbehavioursRequest(NamedTuple):
    """Query: what validators were reported for, in order of height, paged."""

    page_token: Annotated[bytes, raw(1)] = b""
    limit: Annotated[int, uint(2)] = 0


class ListMisbehavioursResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    misbehaviours: Annotated[tuple[Misbehaviour, ...], many(one(1, Misbehaviour))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


def possession_bytes(chain_id: str, public_key: bytes, operator: bytes) -> bytes:
    """What a consensus key signs to show that its owner has it: domain tag, chain id, key, the operator's address.

    It can't be taken for a vote or a proposal: those begin with a length and the tag of a type field, 0x08.
    """
    chain = chain_id.encode()
    return b"vdg/validator-key/v1" + bytes((len(chain),)) + chain + public_key + operator
