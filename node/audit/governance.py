"""Proposals of the operators, k of n: made, approved, withdrawn, expired, executed (docs/governance.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from node.audit import electorate, limits, phases, validators
from node.audit.books import DueAt
from node.audit.case import Case, Denied, require
from node.audit.clock import wait
from wire.accounts import AdmitAccount, SetRoles
from wire.chain import Moment, UpgradePlan
from wire.control import SetSwitchingLimits
from wire.governance import (
    AddValidator,
    Approve,
    CancelUpgrade,
    Change,
    GovernanceParameters,
    Proposal,
    ProposalApproved,
    ProposalClosed,
    ProposalCount,
    ProposalMade,
    ProposalStatus,
    Propose,
    RemoveValidator,
    RotateValidatorKey,
    SetChainLimits,
    SetOperator,
    SetPower,
    SetProductLimits,
    SetRewardTerms,
    Withdraw,
)
from wire.results import Code
from wire.settlement import SettlementParameters

_OPEN = ProposalStatus.PROPOSAL_STATUS_OPEN
_EXPIRED = ProposalStatus.PROPOSAL_STATUS_EXPIRED
_MOST_OPEN = 8

Step = Callable[[Case, Any], None]


class _Kind(NamedTuple):
    """What a change names must be there, it must stay within bounds, and then it is made."""

    named: Step
    bounds: Step
    make: Step


def _always(_: Case, __: Any) -> None:
    """Nothing to object."""


_KINDS: dict[type[Any], _Kind] = {
    AddValidator: _Kind(validators.name_add, validators.bound_add, validators.add),
    RemoveValidator: _Kind(validators.name, validators.bound_remove, validators.remove),
    SetPower: _Kind(validators.name, validators.bound_power, validators.set_power),
    RotateValidatorKey: _Kind(validators.name_rotation, validators.bound_rotation, validators.rotate),
    SetOperator: _Kind(validators.name_operator, _always, validators.set_operator),
    AdmitAccount: _Kind(electorate.name_admission, electorate.bound_admission, electorate.admit),
    SetRoles: _Kind(electorate.name_roles, electorate.bound_roles, electorate.set_roles),
    SetChainLimits: _Kind(_always, limits.bound_chain, limits.set_chain),
    GovernanceParameters: _Kind(_always, limits.bound_governance, limits.set_governance),
    SettlementParameters: _Kind(_always, limits.bound_settlement, limits.set_settlement),
    SetProductLimits: _Kind(limits.name_product, limits.bound_product, limits.set_product),
    SetRewardTerms: _Kind(limits.name_rewards, limits.bound_rewards, limits.set_rewards),
    SetSwitchingLimits: _Kind(limits.name_switching, limits.bound_switching, phases.set_limits),
    UpgradePlan: _Kind(limits.name_upgrade, limits.bound_upgrade, limits.plan_upgrade),
    CancelUpgrade: _Kind(limits.name_cancellation, _always, limits.cancel_upgrade),
}


def only(change: Change | None) -> Any:
    """The one change that is given, or None."""
    given = [part for part in change or () if part is not None]
    return given[0] if len(given) == 1 else None


def propose(case: Case, m: Propose) -> None:
    books, change = case.books, only(m.change)
    kind = _KINDS[type(change)]
    kind.named(case, change)
    open_ones = [proposal for _, proposal in books.open_proposals.of()]
    require(all(proposal.change != m.change for proposal in open_ones), Code.ALREADY_PROPOSED)
    require(sum(proposal.proposer == case.sender for proposal in open_ones) < _MOST_OPEN, Code.NOT_ALLOWED)
    kind.bounds(case, change)
    number = (books.proposal_count.get(None) or ProposalCount()).proposals + 1
    proposal = Proposal(
        number,
        case.sender,
        m.change,
        m.reason,
        case.height,
        case.time_s + electorate.parameters(case).voting_s,
        (case.sender,),
        _OPEN,
    )
    books.proposal_count.put(None, ProposalCount(number))
    books.open_proposals.put(number, proposal)
    wait(books, Moment.MOMENT_PROPOSAL_EXPIRES, proposal.expires_s, number.to_bytes(8, "big"))
    case.events.append(ProposalMade(proposal))
    _count(case, proposal)
    if _enough(case, proposal):
        _execute(case, proposal)


def _known(case: Case, number: int) -> Proposal:
    proposal = case.books.open_proposals.get(number) or case.books.closed_proposals.get(number)
    if proposal is None:
        raise Denied(Code.UNKNOWN_PROPOSAL)
    return proposal


def _require_open(proposal: Proposal) -> None:
    require(proposal.status is not _EXPIRED, Code.PROPOSAL_EXPIRED)
    require(proposal.status is _OPEN, Code.PROPOSAL_CLOSED)


def approve(case: Case, m: Approve) -> None:
    proposal = _known(case, m.proposal_id)
    again = case.sender in proposal.approvals
    approved = proposal if again else proposal._replace(approvals=(*proposal.approvals, case.sender))
    executes = proposal.status is _OPEN and _enough(case, approved)
    require(executes or not again, Code.ALREADY_APPROVED)
    _require_open(proposal)
    if executes:
        change = only(proposal.change)
        kind = _KINDS[type(change)]
        kind.named(case, change)
        kind.bounds(case, change)
    case.books.open_proposals.put(approved.proposal_id, approved)
    _count(case, approved)
    if executes:
        _execute(case, approved)


def withdraw(case: Case, m: Withdraw) -> None:
    proposal = _known(case, m.proposal_id)
    require(proposal.proposer == case.sender, Code.NOT_OWNER)
    _require_open(proposal)
    _close(case, proposal, ProposalStatus.PROPOSAL_STATUS_WITHDRAWN)


def expire(case: Case, number: int) -> None:
    """The time of a proposal is over, if it is open still."""
    proposal = case.books.open_proposals.get(number)
    if proposal is not None:
        _close(case, proposal, _EXPIRED)


def _enough(case: Case, proposal: Proposal) -> bool:
    return electorate.approvals(case, proposal) >= electorate.parameters(case).threshold


def _count(case: Case, proposal: Proposal) -> None:
    there, wanted = electorate.approvals(case, proposal), electorate.parameters(case).threshold
    case.events.append(ProposalApproved(proposal.proposal_id, case.sender, there, wanted))


def _execute(case: Case, proposal: Proposal) -> None:
    _close(case, proposal, ProposalStatus.PROPOSAL_STATUS_EXECUTED)
    change = only(proposal.change)
    _KINDS[type(change)].make(case, change)


def _close(case: Case, proposal: Proposal, status: ProposalStatus) -> None:
    number = proposal.proposal_id
    closed = proposal._replace(status=status, closed_height=case.height)
    case.books.open_proposals.drop(number)
    case.books.closed_proposals.put(number, closed)
    case.books.due.drop(DueAt(proposal.expires_s, Moment.MOMENT_PROPOSAL_EXPIRES, number.to_bytes(8, "big")))
    case.events.append(ProposalClosed(closed))
