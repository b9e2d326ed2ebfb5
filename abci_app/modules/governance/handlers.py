"""Proposing, approving, withdrawing; the approval that makes it enough executes the change."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.governance import changes, proposals
from abci_app.modules.governance.electorate import parameters_of, valid_approvals
from abci_app.modules.governance.keys import OPEN, proposal_key
from abci_app.modules.module import Action
from wire.accounts import Role
from wire.governance import Approve, Change, Proposal, ProposalApproved, ProposalStatus, Propose, Withdraw
from wire.results import Code

MAX_REASON_CHARACTERS = 500


def check_propose(message: Propose) -> None:
    """Fields of Propose."""
    changes.check_fields(message.change)
    check.label("reason", message.reason, MAX_REASON_CHARACTERS)


def propose(context: Context, message: Propose) -> None:
    """Open a proposal, which its proposer approves. What can't be done now is not proposed.

    Raises: Refusal BAD_SIGNATURE, WRONG_ROLE, UNKNOWN_ACCOUNT, UNKNOWN_VDG, UNKNOWN_PRODUCT, ALREADY_EXISTS,
    UNKNOWN_PROPOSAL, UNKNOWN_VALIDATOR, KEY_USED, ALREADY_PROPOSED, NOT_ALLOWED, OUT_OF_BOUNDS, SET_EMPTIED,
    POWER_STEP_TOO_LARGE, VALIDATOR_TOO_STRONG, QUORUM_AT_RISK.
    """
    change = message.change or Change()
    changes.require_named(context, change)
    proposals.require_not_proposed(context.state, change)
    proposals.require_room(context.state, context.sender)
    changes.require_bounds(context, change)
    # After this point the action must succeed.
    proposal = proposals.make(context, change, message.reason)
    _note(context, proposal)
    if _enough(context, proposal):
        _execute(context, proposal)


def check_approve(message: Approve) -> None:
    """Fields of Approve."""
    check.positive("proposal_id", message.proposal_id)


def approve(context: Context, message: Approve) -> None:
    """Approve a proposal, and execute it if that is enough. A change that can't be made now leaves it open.

    Raises: Refusal BAD_SIGNATURE, UNKNOWN_ACCOUNT, UNKNOWN_VDG, UNKNOWN_PRODUCT, ALREADY_EXISTS, UNKNOWN_PROPOSAL,
    UNKNOWN_VALIDATOR, KEY_USED, ALREADY_APPROVED, PROPOSAL_EXPIRED, PROPOSAL_CLOSED, OUT_OF_BOUNDS, SET_EMPTIED,
    POWER_STEP_TOO_LARGE, VALIDATOR_TOO_STRONG, QUORUM_AT_RISK.
    """
    proposal = proposals.require(context.state, message.proposal_id)
    again = context.sender in proposal.approvals
    approved = proposal if again else proposal._replace(approvals=(*proposal.approvals, context.sender))
    is_open = proposal.status is ProposalStatus.PROPOSAL_STATUS_OPEN
    executes = is_open and _enough(context, approved)
    if again and not executes:
        raise Refusal(
            Code.ALREADY_APPROVED,
            f"proposal_id = {message.proposal_id}: the sender approved it already; have other operators approve",
        )
    proposals.require_open(proposal)
    if executes:
        change = proposal.change or Change()
        changes.require_named(context, change)
        changes.require_bounds(context, change)
    # After this point the action must succeed.
    OPEN.put(context.state, proposal_key(approved.proposal_id), approved)
    _note(context, approved)
    if executes:
        _execute(context, approved)


def _enough(context: Context, proposal: Proposal) -> bool:
    return valid_approvals(context.state, proposal) >= parameters_of(context.state).threshold


def _note(context: Context, proposal: Proposal) -> None:
    approvals, threshold = valid_approvals(context.state, proposal), parameters_of(context.state).threshold
    context.emit(ProposalApproved(proposal.proposal_id, context.sender, approvals, threshold))


def _execute(context: Context, proposal: Proposal) -> None:
    """Close first, so that what the change does to the electorate is of no effect on this proposal."""
    proposals.close(context, proposal, ProposalStatus.PROPOSAL_STATUS_EXECUTED)
    changes.apply(context, proposal.change or Change())


def check_withdraw(message: Withdraw) -> None:
    """Fields of Withdraw."""
    check.positive("proposal_id", message.proposal_id)


def withdraw(context: Context, message: Withdraw) -> None:
    """Raises: Refusal NOT_OWNER, UNKNOWN_PROPOSAL, PROPOSAL_EXPIRED, PROPOSAL_CLOSED."""
    proposal = proposals.require(context.state, message.proposal_id)
    if proposal.proposer != context.sender:
        raise Refusal(
            Code.NOT_OWNER, f"proposal_id = {message.proposal_id}: another operator proposed it; leave it unapproved"
        )
    proposals.require_open(proposal)
    # After this point the action must succeed.
    proposals.close(context, proposal, ProposalStatus.PROPOSAL_STATUS_WITHDRAWN)


_OPERATOR = (Role.ROLE_OPERATOR,)

ACTIONS = {
    Propose: Action(check_propose, _OPERATOR, propose),
    Approve: Action(check_approve, _OPERATOR, approve),
    Withdraw: Action(check_withdraw, _OPERATOR, withdraw),
}
