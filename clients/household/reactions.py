"""What a refused transaction means for the home: one reaction for each result code."""

from __future__ import annotations

from enum import Enum

from wire.results import Code


class Reaction(Enum):
    """What to do about a refusal."""

    DROP = "the moment is over, or somebody else did it: nothing to do"
    LATER = "try again with the next plan"
    REFRESH = "what is on the chain differs from what was thought: ask it"
    OFFER_LESS = "money is short: ask how much there is, and offer within it"
    PAY_DEBTS = "debts stand in the way: stop ordering, pay"
    READ_TERMS = "the grid's terms have changed: read them again"
    SUSPEND = "the chain takes nothing from this account: stop, and tell people"


_REACTIONS = {
    Code.GATE_CLOSED: Reaction.DROP,
    Code.EXPIRED: Reaction.DROP,
    Code.SLOT_OUT_OF_RANGE: Reaction.DROP,
    Code.SLOT_CLOSED: Reaction.DROP,
    Code.UNKNOWN_ORDER: Reaction.DROP,
    Code.UNKNOWN_DEBT: Reaction.REFRESH,
    Code.QUOTA_EXCEEDED: Reaction.LATER,
    Code.EXPIRY_TOO_FAR: Reaction.LATER,
    Code.NONCE_TOO_OLD: Reaction.LATER,
    Code.NONCE_USED: Reaction.LATER,
    Code.NONCE_TOO_HIGH: Reaction.LATER,
    Code.SUPERSEDED: Reaction.REFRESH,
    Code.BEYOND_AVAILABILITY: Reaction.REFRESH,
    Code.BEYOND_CAPACITY: Reaction.REFRESH,
    Code.INSUFFICIENT_FUNDS: Reaction.OFFER_LESS,
    Code.IN_DEBT: Reaction.PAY_DEBTS,
    Code.ABOVE_CAP: Reaction.READ_TERMS,
    Code.UNKNOWN_PRODUCT: Reaction.READ_TERMS,
    Code.SLOT_INVALID: Reaction.READ_TERMS,
    Code.PRICE_OUT_OF_RANGE: Reaction.READ_TERMS,
    Code.ENERGY_OUT_OF_RANGE: Reaction.READ_TERMS,
}


def reaction_to(code: Code) -> Reaction:
    """The reaction; a code that says that the account or the agent is wrong suspends the home."""
    return _REACTIONS.get(code, Reaction.SUSPEND)
