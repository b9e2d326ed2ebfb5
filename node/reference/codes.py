"""Which result codes there are, and which of them a message can get."""

from __future__ import annotations

import re
from typing import Any

from abci_app.modules.module import Action
from abci_app.registry import MODULES
from wire.results import Code

_WORD = re.compile(r"\b[A-Z][A-Z_]+\b")

# Before a message's handler is asked.
ENVELOPE = tuple(code for code in Code if Code.OK < code <= Code.QUOTA_EXCEEDED and code is not Code.WRONG_ROLE)

MEANINGS = {
    Code.OK: "Executed.",
    Code.TX_TOO_LARGE: "More than 256 KiB.",
    Code.TX_MALFORMED: "Not the canonical encoding of a transaction: cut off, unknown fields, fields out of order, …",
    Code.WRONG_CHAIN: "Made for another chain.",
    Code.MODULE_DISABLED: "The message's module is not switched on in this chain.",
    Code.INVALID_FIELD: "A field has a value that is wrong in any state: zero, too long, out of its bounds.",
    Code.UNKNOWN_SENDER: "The registrar has not admitted the sender.",
    Code.BAD_SIGNATURE: "Not signed by the sender's present key; for `rotate_key` also: not by the new one.",
    Code.EXPIRED: "The block's time is past the transaction's `expires_s`.",
    Code.EXPIRY_TOO_FAR: "`expires_s` is further ahead than the chain's `max_expiry_s`.",
    Code.NONCE_TOO_OLD: "The nonce is 0, or 128 or more below the highest used.",
    Code.NONCE_USED: "The nonce was used before: the transaction is a repetition.",
    Code.NONCE_TOO_HIGH: "The nonce is more than 1,048,576 above the highest used.",
    Code.SENDER_FROZEN: "The registrar froze the sender.",
    Code.WRONG_ROLE: "The sender (or a named account) has not the role, or is not this VDG's DSO or supplier.",
    Code.QUOTA_EXCEEDED: "The sender's transactions for one block are used up.",
    Code.UNKNOWN_ACCOUNT: "No such account.",
    Code.UNKNOWN_VDG: "No such VDG.",
    Code.UNKNOWN_PRODUCT: "No such product.",
    Code.UNKNOWN_ASSET: "No such device, or the home has no phase switch.",
    Code.UNKNOWN_ORDER: "The sender has no order in this book, or the switch none for this slot.",
    Code.UNKNOWN_DEBT: "Nothing is owed to this creditor for this reason.",
    Code.UNKNOWN_CERTIFICATE: "No such certificate.",
    Code.ALREADY_EXISTS: "What is to be made is there already.",
    Code.NOT_A_MEMBER: "The account is no member of the VDG.",
    Code.NOT_OWNER: "The sender holds nothing of it; the proposal is another operator's, the switch another home's.",
    Code.UNKNOWN_PROPOSAL: "No such proposal, or no such planned upgrade.",
    Code.UNKNOWN_VALIDATOR: "No validator has this consensus key.",
    Code.KEY_USED: "The consensus key is or was a validator's; none is used twice.",
    Code.ALREADY_PROPOSED: "The same change is proposed already, and open.",
    Code.ALREADY_APPROVED: "The sender approved the proposal already.",
    Code.UNKNOWN_SESSION: "No such session of control.",
    Code.ALREADY_SIGNALLED: "The session has a signal of this iteration.",
    Code.WRONG_PCCS: "Not one value for each PCC of the session.",
    Code.SLOT_INVALID: "No slot that can be named here, as one inside a block of slots.",
    Code.SLOT_OUT_OF_RANGE: "The slot has begun (to confirm a phase: it has not), or is too far ahead.",
    Code.GATE_CLOSED: "The book takes no more orders.",
    Code.SLOT_NOT_OVER: "The slot can be proved after it has ended.",
    Code.SLOT_CLOSED: "The slot is settled, or past its deadline.",
    Code.SUPERSEDED: "What came with a higher nonce stays.",
    Code.PROPOSAL_EXPIRED: "The time to approve the proposal is over.",
    Code.PROPOSAL_CLOSED: "The proposal was executed or withdrawn.",
    Code.SESSION_CLOSED: "The session of control is closed.",
    Code.OUT_OF_ORDER: "A signal before this one is missing, or the session has another number of them.",
    Code.IN_DEBT: "The sender owes money, and places no orders until it has paid.",
    Code.PRICE_OUT_OF_RANGE: "The limit price is above the product's bound.",
    Code.ENERGY_OUT_OF_RANGE: "The energy is above the product's bound, or more than the sender holds.",
    Code.ABOVE_CAP: "More than the DSO lets the account commit in the slot.",
    Code.BEYOND_CAPACITY: "More than the registered devices can deliver in a slot.",
    Code.BEYOND_AVAILABILITY: "More than is declared and free, or less than asks and contracts hold.",
    Code.INSUFFICIENT_FUNDS: "The free balance is too small.",
    Code.AMOUNT_OVERFLOW: "An amount would leave signed 64 bits.",
    Code.TOO_MANY_SWITCHINGS: "The VDG's switches in the slot, or the switch's orders in the day, are used up.",
    Code.TOO_MANY_SESSIONS: "The slot has had as many sessions of control as it may.",
    Code.TOO_MANY_SIGNALS: "The session has had as many signals as it said it would at most.",
    Code.LIMIT_NOT_KEPT: "The session can't have converged: what was measured is outside of its limits, or missing.",
    Code.PROOF_WRONG_KEY: "A proof is not signed by the VDG's proof key.",
    Code.PROOF_WRONG_METER: "A proof names another meter than the member's.",
    Code.PROOF_CONFLICT: "Another flow is proved; the first stands. Two that one key signed are kept as evidence.",
    Code.NOT_ALLOWED: "A registrar can't drop or freeze itself; with governance, it can't grant or withdraw the roles "
    "that are the operators' to grant, nor freeze an operator. An operator has at most 8 open proposals.",
    Code.OUT_OF_BOUNDS: "A parameter, the power, the number of operators or an upgrade would leave its bounds.",
    Code.SET_EMPTIED: "No validator would be left.",
    Code.POWER_STEP_TOO_LARGE: "A third or more of the voting power would be given, or taken, in one block.",
    Code.VALIDATOR_TOO_STRONG: "A validator would get a third or more of the voting power, or more than that.",
    Code.QUORUM_AT_RISK: "Those who signed the last block would not have more than two thirds of the power.",
}


def actions() -> dict[type[Any], Action]:
    """How each message is treated, over all modules."""
    return {cls: action for module in MODULES for cls, action in module.actions.items()}


def codes_of(action: Action) -> list[Code]:
    """What a message can be refused with by itself: its field checks, its roles, what its handler says it raises."""
    named = {word for word in _WORD.findall(action.handle.__doc__ or "") if word in Code.__members__}
    if action.roles:
        named.add(Code.WRONG_ROLE.name)
    named.add(Code.INVALID_FIELD.name)
    return sorted(Code[name] for name in named)
