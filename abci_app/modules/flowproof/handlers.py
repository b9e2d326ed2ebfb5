"""Taking proofs of flow; keeping evidence when a key signs two values."""

from __future__ import annotations

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.flowproof.keys import EVIDENCE, PROOFS, SLOTS
from abci_app.modules.grid.api import (
    deadline_s,
    members_of,
    require_grid,
    require_member,
    slot_at,
    slot_start_s,
    watch_slot,
)
from abci_app.modules.grid.slots import MAX_SLOT
from abci_app.modules.module import Action
from abci_app.modules.names import slot_key
from abci_app.state.due import schedule
from wire.chain import Moment
from wire.flowproof import (
    SIGNATURE_BYTES,
    Equivocation,
    EquivocationRecorded,
    FlowProof,
    FlowProved,
    FlowStatement,
    SlotProofs,
    SubmitProofs,
    flow_sign_bytes,
)
from wire.grid import Grid
from wire.results import Code

MAX_PROOFS = 256
# 6 MW held over ten minutes: no household, and small enough that (6.6) stays inside 64 bits.
MAX_FLOW_WH = 10**6


def check_submit(message: SubmitProofs) -> None:
    """Fields of SubmitProofs."""
    check.name("vdg", message.vdg)
    check.at_most("slot", message.slot, MAX_SLOT)
    check.length("proofs", message.proofs, 1, MAX_PROOFS)
    accounts: set[bytes] = set()
    for proof in message.proofs:
        check.address("proofs.account", proof.account)
        check.length("proofs.signature", proof.signature, SIGNATURE_BYTES, SIGNATURE_BYTES)
        check.serial("proofs.meter", proof.meter)
        check.at_most("proofs.flow_wh (magnitude)", abs(proof.flow_wh), MAX_FLOW_WH)
        if proof.account in accounts:
            raise check.invalid("proofs.account", proof.account.hex(), "twice in one batch: give each account once")
        accounts.add(proof.account)


def submit(context: Context, message: SubmitProofs) -> None:
    """Take all proofs or none; those that are there already, byte for byte, are skipped.

    Raises: Refusal UNKNOWN_VDG, NOT_A_MEMBER, SLOT_NOT_OVER, SLOT_CLOSED, PROOF_WRONG_KEY, PROOF_WRONG_METER, and
    PROOF_CONFLICT, which keeps both signatures as evidence.
    """
    state = context.state
    grid = require_grid(state, message.vdg)
    key = slot_key(message.vdg, message.slot)
    members = [require_member(state, message.vdg, proof.account) for proof in message.proofs]
    if context.time_s < slot_start_s(grid, message.slot + 1):
        raise Refusal(
            Code.SLOT_NOT_OVER,
            f"slot = {message.slot}: it is slot {slot_at(grid, context.time_s)}; prove a slot after it has ended",
        )
    count = SLOTS.get(state, key) or SlotProofs()
    known = [PROOFS.get(state, key + proof.account) for proof in message.proofs]
    if (count.closed or context.time_s >= deadline_s(grid, message.slot)) and None in known:
        raise Refusal(
            Code.SLOT_CLOSED,
            f"slot = {message.slot} is settled or past its deadline: proofs of it are taken no more",
        )
    for proof, before in zip(message.proofs, known, strict=True):
        if proof != before and not _signed(context.chain_id, grid, message.slot, proof):
            raise Refusal(
                Code.PROOF_WRONG_KEY,
                f"proofs.signature of account {proof.account.hex()}: not by the proof key {grid.proof_key.hex()} of "
                f"{grid.vdg!r} over this chain, slot, account, flow and meter; have the DSO sign it",
            )
    for proof, member in zip(message.proofs, members, strict=True):
        if proof.meter != member.meter:
            raise Refusal(
                Code.PROOF_WRONG_METER,
                f"proofs.meter = {proof.meter!r}: account {proof.account.hex()} has meter {member.meter!r}",
            )
    for proof, before in zip(message.proofs, known, strict=True):
        if before is not None and before.flow_wh != proof.flow_wh:
            raise _equivocation(context, grid, message.slot, before, proof)
    # After this point the action must succeed.
    fresh = [proof for proof, before in zip(message.proofs, known, strict=True) if before is None]
    for proof in fresh:
        PROOFS.put(state, key + proof.account, proof)
        context.emit(FlowProved(message.vdg, message.slot, proof.account, proof.flow_wh))
    if fresh:
        proofs = count.proofs + len(fresh)
        SLOTS.put(state, key, count._replace(proofs=proofs))
        watch_slot(context, grid, message.slot)
        if _all_proved(state, grid, message.slot):
            schedule(state, Moment.MOMENT_SLOT_PROVED, context.time_s, key)


def _all_proved(state: State, grid: Grid, slot: int) -> bool:
    """Whether everybody who was a member in the slot has proved it."""
    key = slot_key(grid.vdg, slot)
    return all(
        member.since_slot > slot or PROOFS.get(state, key + member.account) is not None
        for member in members_of(state, grid.vdg)
    )


def _signed(chain_id: str, grid: Grid, slot: int, proof: FlowProof) -> bool:
    """Whether the VDG's present proof key signed a proof."""
    statement = FlowStatement(chain_id, grid.vdg, slot, proof.account, proof.flow_wh, proof.meter)
    try:
        crypto_sign_open(proof.signature + flow_sign_bytes(statement), grid.proof_key)
    except (BadSignatureError, ValueError):
        return False
    return True


def _equivocation(context: Context, grid: Grid, slot: int, first: FlowProof, second: FlowProof) -> Refusal:
    """The refusal of a second value, which keeps the evidence (MODEL section 6).

    Where the first value was signed with a key that was replaced since, the two are no proof against one key: the
    first stands, and nothing is recorded that nobody could verify.
    """
    one_key = _signed(context.chain_id, grid, slot, first)
    evidence = Equivocation(grid.vdg, slot, first, second, grid.proof_key, context.height)

    def record(later: Context) -> None:
        key = slot_key(grid.vdg, slot) + first.account
        if EVIDENCE.get(later.state, key) is None:
            EVIDENCE.put(later.state, key, evidence)
            later.emit(EquivocationRecorded(evidence))

    return Refusal(
        Code.PROOF_CONFLICT,
        f"proofs.flow_wh = {second.flow_wh} of account {first.account.hex()}: {first.flow_wh} is proved for slot "
        f"{slot}; the first stands" + (" and both signatures are kept as evidence" if one_key else ""),
        record if one_key else None,
    )


ACTIONS = {SubmitProofs: Action(check_submit, (), submit)}
