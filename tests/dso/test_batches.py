"""Proofs are split into transactions of a size that the chain takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clients.dso.prover.batches import MAX_PROOFS, in_batches
from wire.codec import encode
from wire.flowproof import FlowProof, SubmitProofs
from wire.tx import MAX_TX_BYTES, TxBody, assemble

_PROOFS = st.lists(
    st.builds(
        FlowProof,
        st.binary(min_size=20, max_size=20),
        st.integers(-(10**6), 10**6),
        st.text("abc-", min_size=1, max_size=64),
        st.binary(min_size=64, max_size=64),
    ),
    max_size=40,
)


def _tx_bytes(message: SubmitProofs) -> int:
    body = TxBody("c" * 50, bytes(20), 2**63, 2**40, message)
    return len(assemble(body, lambda data: bytes(64)))


@given(_PROOFS, st.integers(1_300, 6_000))
def test_batches_hold_every_proof_once_in_order_and_fit_into_a_transaction(
    proofs: list[FlowProof], max_bytes: int
) -> None:
    batches = list(in_batches("grid", 7, proofs, max_bytes))
    assert [proof for batch in batches for proof in batch.proofs] == proofs
    assert all((batch.vdg, batch.slot) == ("grid", 7) for batch in batches)
    assert all(_tx_bytes(batch) <= max_bytes for batch in batches)


def test_a_batch_holds_at_most_256_proofs_which_always_fit() -> None:
    proofs = [FlowProof(n.to_bytes(20, "big"), -(10**6), "m" * 64, bytes(64)) for n in range(600)]
    batches = list(in_batches("grid", 7, proofs))
    assert [len(batch.proofs) for batch in batches] == [MAX_PROOFS, MAX_PROOFS, 88]
    assert max(len(encode(batch)) for batch in batches) < MAX_TX_BYTES
