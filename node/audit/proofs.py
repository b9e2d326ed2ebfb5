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
from wire.results import Code

_NONE = SlotProofs()


def _by_key(key: bytes, case: Case, vdg: str, slot: int, proof: FlowProof) -> bool:
    statement = FlowStatement(case.chain_id, vdg, slot, proof.account, proof.flow_wh, proof.meter)
    return signed_by(key, proof.signature, flow_sign_bytes(statement))


def submit(case: Case, m: SubmitProofs) -> None:
    """All or none; what is there byte for byte is skipped. Evidence in a batch stays, whatever the batch is denied for.

    Raises: Denied, Kept where there is evidence.
    """
    accused = _accused(case, m)
    try:
        _take(case, m)
    except Denied as denied:
        if not accused:
            raise
        for found in accused:
            at = HomeSlot(m.vdg, m.slot, found.second.account if found.second else b"")
            if case.books.evidence.get(at) is None:
                case.books.evidence.put(at, found)
                case.events.append(EquivocationRecorded(found))
        raise Kept(denied.code) from denied


def _take(case: Case, m: SubmitProofs) -> None:
    books, grid = case.books, grids.found(case, m.vdg)
    members = [grids.member(case, m.vdg, proof.account) for proof in m.proofs]
    require(case.time_s >= start_s(grid, m.slot + 1), Code.SLOT_NOT_OVER)
    at = SlotOf(m.vdg, m.slot)
    counted = books.proved.get(at) or _NONE
    known = [books.proofs.get(HomeSlot(m.vdg, m.slot, proof.account)) for proof in m.proofs]
    late = counted.closed or case.time_s >= deadline_s(grid, m.slot)
    require(not (late and None in known), Code.SLOT_CLOSED)
    for proof, before in zip(m.proofs, known, strict=True):
        require(proof == before or _by_key(grid.proof_key, case, m.vdg, m.slot, proof), Code.PROOF_WRONG_KEY)
    for proof, member in zip(m.proofs, members, strict=True):
        require(proof.meter == member.meter, Code.PROOF_WRONG_METER)
    for proof, before in zip(m.proofs, known, strict=True):
        require(before is None or _says(before) == _says(proof), Code.PROOF_CONFLICT)
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


def _says(proof: FlowProof) -> tuple[bytes, int, str]:
    return proof.account, proof.flow_wh, proof.meter


def _accused(case: Case, m: SubmitProofs) -> list[Equivocation]:
    """Pairs of a proof on record and one of the batch that say different things, and that one key signed.

    It may be any key that the grid had since the slot's end: what is on record was signed by one of these.
    """
    grid = case.books.grids.get(m.vdg)
    if grid is None:
        return []
    end_s = start_s(grid, m.slot + 1)
    keys = [key for (_, key), known in case.books.proof_keys.of(m.vdg) if not known.until_s or known.until_s >= end_s]
    pairs = [(case.books.proofs.get(HomeSlot(m.vdg, m.slot, proof.account)), proof) for proof in m.proofs]
    return [
        Equivocation(m.vdg, m.slot, first, second, key, case.height)
        for first, second in pairs
        if first is not None and _says(first) != _says(second)
        for key in keys
        if all(_by_key(key, case, m.vdg, m.slot, one) for one in (first, second))
    ]
