"""Keeping proposals: those that are open, and for good those that are closed."""

from __future__ import annotations

from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.governance.electorate import parameters_of
from abci_app.modules.governance.keys import CLOSED, COUNT, OPEN, proposal_key
from abci_app.state.due import schedule, unschedule
from wire.chain import Moment
from wire.governance import Change, Proposal, ProposalClosed, ProposalCount, ProposalMade, ProposalStatus
from wire.results import Code

# How many proposals of one operator can be open: it bounds what one of them can put before the others.
MAX_OPEN_PER_OPERATOR = 8


def find(state: State, number: int) -> Proposal | None:
    """A proposal, open or closed, or None."""
    key = proposal_key(number)
    return OPEN.get(state, key) or CLOSED.get(state, key)


def require(state: State, number: int) -> Proposal:
    """A proposal, open or closed. Raises: Refusal UNKNOWN_PROPOSAL."""
    proposal = find(state, number)
    if proposal is None:
        raise Refusal(
            Code.UNKNOWN_PROPOSAL, f"proposal_id = {number}: no such proposal; list the proposals for their numbers"
        )
    return proposal


def require_open(proposal: Proposal) -> None:
    """The proposal can still be decided on. Raises: Refusal PROPOSAL_EXPIRED, PROPOSAL_CLOSED."""
    if proposal.status is ProposalStatus.PROPOSAL_STATUS_EXPIRED:
        raise Refusal(
            Code.PROPOSAL_EXPIRED,
            f"proposal_id = {proposal.proposal_id} expired at {proposal.expires_s}: propose the change again",
        )
    if proposal.status is not ProposalStatus.PROPOSAL_STATUS_OPEN:
        word = proposal.status.name.removeprefix("PROPOSAL_STATUS_").lower()
        raise Refusal(
            Code.PROPOSAL_CLOSED,
            f"proposal_id = {proposal.proposal_id} was {word} at height {proposal.closed_height}: there is nothing "
            "left to decide",
        )


def require_not_proposed(state: State, change: Change) -> None:
    """No open proposal has the same change. Raises: Refusal ALREADY_PROPOSED."""
    for proposal in OPEN.values(state):
        if proposal.change == change:
            raise Refusal(
                Code.ALREADY_PROPOSED,
                f"change: proposal {proposal.proposal_id} is the same and open; approve that one",
            )


def require_room(state: State, proposer: bytes) -> None:
    """The operator has not too many open. Raises: Refusal NOT_ALLOWED."""
    count = sum(1 for proposal in OPEN.values(state) if proposal.proposer == proposer)
    if count >= MAX_OPEN_PER_OPERATOR:
        raise Refusal(
            Code.NOT_ALLOWED, f"the sender has {count} open proposals: withdraw one, or wait until one closes"
        )


def make(context: Context, change: Change, reason: str) -> Proposal:
    """Open a proposal that its proposer approves, and have it expire."""
    state = context.state
    number = (COUNT.get(state, b"") or ProposalCount()).proposals + 1
    proposal = Proposal(
        number,
        context.sender,
        change,
        reason,
        context.height,
        context.time_s + parameters_of(state).voting_s,
        (context.sender,),
        ProposalStatus.PROPOSAL_STATUS_OPEN,
    )
    COUNT.put(state, b"", ProposalCount(number))
    OPEN.put(state, proposal_key(number), proposal)
    schedule(state, Moment.MOMENT_PROPOSAL_EXPIRES, proposal.expires_s, proposal_key(number))
    context.emit(ProposalMade(proposal))
    return proposal


def close(context: Context, proposal: Proposal, status: ProposalStatus) -> None:
    """Nothing more is decided on this proposal."""
    key = proposal_key(proposal.proposal_id)
    closed = proposal._replace(status=status, closed_height=context.height)
    OPEN.delete(context.state, key)
    CLOSED.put(context.state, key, closed)
    unschedule(context.state, Moment.MOMENT_PROPOSAL_EXPIRES, proposal.expires_s, key)
    context.emit(ProposalClosed(closed))


def expire(context: Context, key: bytes) -> None:
    """The time of a proposal is over."""
    proposal = OPEN.get(context.state, key)
    if proposal is not None:
        close(context, proposal, ProposalStatus.PROPOSAL_STATUS_EXPIRED)
