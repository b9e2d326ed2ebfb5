"""Taking proofs of flow; keeping evidence when a key signs two values."""

from __future__ import annotations

from functools import partial

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.flowproof.evidence import differ, evidence_in, keep, signed
from abci_app.modules.flowproof.keys import PROOFS, SLOTS
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
    FlowProof,
    FlowProved,
    SlotProofs,
    SubmitProofs,
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

    Whatever a batch is refused for, what it shows of a key that signed two values is kept as evidence.

    Raises: Refusal UNKNOWN_VDG, NOT_A_MEMBER, SLOT_NOT_OVER, SLOT_CLOSED, PROOF_WRONG_KEY, PROOF_WRONG_METER,
    PROOF_CONFLICT.
    """
    key = slot_key(message.vdg, message.slot)
    known = [PROOFS.get(context.state, key + proof.account) for proof in message.proofs]
    found = evidence_in(context, message, known)
    try:
        _take(context, message, known)
    except Refusal as refusal:
        if not found:
            raise
        text = f"{refusal.message}; both signatures are kept as evidence ({len(found)} of the batch's accounts)"
        raise Refusal(refusal.code, text, partial(keep, found=found)) from refusal


def _take(context: Context, message: SubmitProofs, known: list[FlowProof | None]) -> None:
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
    if (count.closed or context.time_s >= deadline_s(grid, message.slot)) and None in known:
        raise Refusal(
            Code.SLOT_CLOSED,
            f"slot = {message.slot} is settled or past its deadline: proofs of it are taken no more",
        )
    for proof, before in zip(message.proofs, known, strict=True):
        if proof != before and not signed(context.chain_id, grid, message.slot, proof, grid.proof_key):
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
        if before is not None and differ(before, proof):
            raise Refusal(
                Code.PROOF_CONFLICT,
                f"proofs.flow_wh = {proof.flow_wh} of account {proof.account.hex()}: {before.flow_wh} is proved for "
                f"slot {message.slot}, by meter {before.meter!r}; the first stands",
            )
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


ACTIONS = {SubmitProofs: Action(check_submit, (), submit)}
