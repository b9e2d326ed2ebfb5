"""Evidence of a key that signed two values for one household's slot (MODEL section 6)."""

from __future__ import annotations

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from abci_app.core.context import Context
from abci_app.modules.flowproof.keys import EVIDENCE
from abci_app.modules.grid.api import find_grid, proof_keys_since, slot_start_s
from abci_app.modules.names import slot_key
from wire.flowproof import (
    Equivocation,
    EquivocationRecorded,
    FlowProof,
    FlowStatement,
    SubmitProofs,
    flow_sign_bytes,
)
from wire.grid import Grid


def signed(chain_id: str, grid: Grid, slot: int, proof: FlowProof, proof_key: bytes) -> bool:
    """Whether a key signed a proof."""
    statement = FlowStatement(chain_id, grid.vdg, slot, proof.account, proof.flow_wh, proof.meter)
    try:
        crypto_sign_open(proof.signature + flow_sign_bytes(statement), proof_key)
    except (BadSignatureError, ValueError):
        return False
    return True


def differ(first: FlowProof, second: FlowProof) -> bool:
    """Whether two proofs of one household's slot say different things: another flow, or another meter."""
    return (first.flow_wh, first.meter) != (second.flow_wh, second.meter)


def evidence_in(context: Context, message: SubmitProofs, known: list[FlowProof | None]) -> list[Equivocation]:
    """What a batch shows: each of its proofs that one key has signed as well as the one on record, ``known``.

    That key need not be in force any more, or the DSO could replace it and be rid of what it signed.
    """
    grid = find_grid(context.state, message.vdg)
    if grid is None:
        return []
    found = []
    for proof, first in zip(message.proofs, known, strict=True):
        if first is None or not differ(first, proof):
            continue
        key = _signer(context, grid, message.slot, first)
        if key is not None and signed(context.chain_id, grid, message.slot, proof, key):
            found.append(Equivocation(grid.vdg, message.slot, first, proof, key, context.height))
    return found


def keep(context: Context, found: list[Equivocation]) -> None:
    """Record what isn't on record: the first conflict of a household's slot is enough."""
    for evidence in found:
        first = evidence.first or FlowProof()
        key = slot_key(evidence.vdg, evidence.slot) + first.account
        if EVIDENCE.get(context.state, key) is None:
            EVIDENCE.put(context.state, key, evidence)
            context.emit(EquivocationRecorded(evidence))


def _signer(context: Context, grid: Grid, slot: int, proof: FlowProof) -> bytes | None:
    """The key that signed a proof on record: one that was in force at some time since the slot's end."""
    for key in proof_keys_since(context.state, grid, slot_start_s(grid, slot + 1)):
        if signed(context.chain_id, grid, slot, proof, key):
            return key
    return None
