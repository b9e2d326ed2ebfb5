"""Proofs of flow, and evidence against a key that signs two values (MODEL section 6)."""

from __future__ import annotations

from node.audit import grids
from node.audit.accounts import signed_by
from node.audit.books import HomeSlot, SlotOf, slot_bytes
from node.audit.case import Case, Denied, Kept, require
from node.audit.clock import deadline_s, start_s, wait, watch
from wire.chain import Moment
from wire.flowproof import (
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

_NONE = SlotProofs()


def _by_proof_key(case: Case, grid: Grid, slot: int, proof: FlowProof) -> bool:
    statement = FlowStatement(case.chain_id, grid.vdg, slot, proof.account, proof.flow_wh, proof.meter)
    return signed_by(grid.proof_key, proof.signature, flow_sign_bytes(statement))


def submit(case: Case, m: SubmitProofs) -> None:
    """All or none; what is there byte for byte is skipped."""
    books, grid = case.books, grids.found(case, m.vdg)
    members = [grids.member(case, m.vdg, proof.account) for proof in m.proofs]
    require(case.time_s >= start_s(grid, m.slot + 1), Code.SLOT_NOT_OVER)
    at = SlotOf(m.vdg, m.slot)
    counted = books.proved.get(at) or _NONE
    known = [books.proofs.get(HomeSlot(m.vdg, m.slot, proof.account)) for proof in m.proofs]
    late = counted.closed or case.time_s >= deadline_s(grid, m.slot)
    require(not (late and None in known), Code.SLOT_CLOSED)
    for proof, before in zip(m.proofs, known, strict=True):
        require(proof == before or _by_proof_key(case, grid, m.slot, proof), Code.PROOF_WRONG_KEY)
    for proof, member in zip(m.proofs, members, strict=True):
        require(proof.meter == member.meter, Code.PROOF_WRONG_METER)
    for proof, before in zip(m.proofs, known, strict=True):
        if before is not None and before.flow_wh != proof.flow_wh:
            _accuse(case, grid, m.slot, before, proof)
    fresh = [proof for proof, before in zip(m.proofs, known, strict=True) if before is None]
    for proof in fresh:
        books.proofs.put(HomeSlot(m.vdg, m.slot, proof.account), proof)
        case.events.append(FlowProved(m.vdg, m.slot, proof.account, proof.flow_wh))
    if fresh:
        books.proved.put(at, counted._replace(proofs=counted.proofs + len(fresh)))
        watch(books, grid, m.slot)
        awaited = [one for _, one in books.members.of(m.vdg) if one.since_slot <= m.slot]
        if all(books.proofs.get(HomeSlot(m.vdg, m.slot, one.account)) for one in awaited):
            wait(books, Moment.MOMENT_SLOT_PROVED, case.time_s, slot_bytes(at))


def _accuse(case: Case, grid: Grid, slot: int, first: FlowProof, second: FlowProof) -> None:
    """The first value stands. Where one key signed both, that is kept, once. Raises: Denied PROOF_CONFLICT."""
    if not _by_proof_key(case, grid, slot, first):
        raise Denied(Code.PROOF_CONFLICT)
    at = HomeSlot(grid.vdg, slot, first.account)
    if case.books.evidence.get(at) is None:
        found = Equivocation(grid.vdg, slot, first, second, grid.proof_key, case.height)
        case.books.evidence.put(at, found)
        case.events.append(EquivocationRecorded(found))
    raise Kept(Code.PROOF_CONFLICT)
