"""Proofs in transactions of a size that the chain takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wire.codec import encode
from wire.flowproof import FlowProof, SubmitProofs
from wire.tx import MAX_TX_BYTES

MAX_PROOFS = 256
"""Proofs in one transaction (docs: SubmitProofs)."""

_ENVELOPE_BYTES = 1_024
"""Room for the transaction around the message: chain id, sender, nonce, signature, lengths."""


def in_batches(
    vdg: str, slot: int, proofs: Sequence[FlowProof], max_bytes: int = MAX_TX_BYTES
) -> Iterator[SubmitProofs]:
    """Split a slot's proofs, in order, into as few messages as the limits allow."""
    room = max_bytes - _ENVELOPE_BYTES
    batch: list[FlowProof] = []
    size = 0
    for proof in proofs:
        proof_bytes = len(encode(SubmitProofs(proofs=(proof,))))
        if batch and (len(batch) == MAX_PROOFS or size + proof_bytes > room):
            yield SubmitProofs(vdg, slot, tuple(batch))
            batch, size = [], 0
        batch.append(proof)
        size += proof_bytes
    if batch:
        yield SubmitProofs(vdg, slot, tuple(batch))
