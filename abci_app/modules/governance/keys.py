"""Where proposals, operators, consensus keys and misbehaviour are stored."""

from __future__ import annotations

from abci_app.state.collection import Collection
from wire import state_keys
from wire.governance import (
    ConsensusKey,
    Electorate,
    Misbehaviour,
    PowerMoved,
    Proposal,
    ProposalCount,
)

# p
PARAMETERS = Collection(*state_keys.GOVERNANCE_PARAMETERS)
# v
ELECTORATE = Collection("governance", b"v", Electorate)
# n
COUNT = Collection("governance", b"n", ProposalCount)
# o<number, 8 bytes>: proposals that can be approved
OPEN = Collection("governance", b"o", Proposal)
# c<number, 8 bytes>: proposals that were executed, withdrawn, or have expired
CLOSED = Collection("governance", b"c", Proposal)
# k<consensus address, 20 bytes>: every key that ever was a validator's
CONSENSUS_KEYS = Collection("governance", b"k", ConsensusKey)
# m
POWER_MOVED = Collection("governance", b"m", PowerMoved)
# e<reported height, 8 bytes><consensus address, 20 bytes><offence, 1 byte><height, 8 bytes>
MISBEHAVIOURS = Collection("governance", b"e", Misbehaviour)


def proposal_key(number: int) -> bytes:
    """The number in 8 bytes, e.g. 0000000000000001."""
    return number.to_bytes(8, "big")


def misbehaviour_key(found: Misbehaviour) -> bytes:
    """Reported height, consensus address, offence and height."""
    return (
        found.reported_height.to_bytes(8, "big")
        + found.consensus_address
        + bytes((found.offence,))
        + found.height.to_bytes(8, "big")
    )
