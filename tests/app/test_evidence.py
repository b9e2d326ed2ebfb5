"""Two values that one key signed for one household's slot end as evidence, whatever else is wrong with their batch."""

from __future__ import annotations

import pytest

from abci_app.pipeline import TxResult
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of, sign_with
from tests.app.world import VDG
from wire.flowproof import (
    Equivocation,
    FlowProof,
    FlowStatement,
    ListEquivocationsRequest,
    ListEquivocationsResponse,
    SubmitProofs,
    flow_sign_bytes,
)
from wire.grid import SetProofKey
from wire.results import Code


@pytest.fixture
def chain() -> Chain:
    """In slot 1; ann's and bob's flows of slot 0 are proved by the key ``prover``."""
    chain = Chain()
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"ann": 5, "bob": 6}))
    return chain


def submit(chain: Chain, *proofs: FlowProof) -> TxResult:
    return chain.send("cid", SubmitProofs(VDG, 0, proofs))


def evidence(chain: Chain) -> dict[bytes, FlowProof]:
    """By account, the second of two proofs; both verify without the chain."""
    found = chain.query(ListEquivocationsRequest(VDG), ListEquivocationsResponse).equivocations
    for one in found:
        both_verify(one)
    return {one.second.account: one.second for one in found if one.second is not None}


def both_verify(one: Equivocation) -> None:
    assert one.proof_key == public_key_of("prover")
    assert one.first is not None
    assert one.second is not None
    assert (one.first.flow_wh, one.first.meter) != (one.second.flow_wh, one.second.meter)
    for proof in (one.first, one.second):
        statement = FlowStatement(world.CHAIN_ID, one.vdg, one.slot, proof.account, proof.flow_wh, proof.meter)
        assert sign_with("prover", flow_sign_bytes(statement)) == proof.signature


def test_every_second_value_of_a_batch_is_kept(chain: Chain) -> None:
    second = {home: chain.proof(home, 0, 9) for home in ("ann", "bob")}
    result = submit(chain, chain.proof("dee", 0, 1), *second.values())
    assert result.code is Code.PROOF_CONFLICT
    assert "both signatures are kept as evidence (2 of" in result.message
    assert evidence(chain) == {address(home): proof for home, proof in second.items()}


@pytest.mark.parametrize("flow_wh", [5, 9])
def test_a_second_proof_by_another_meter_is_kept(chain: Chain, flow_wh: int) -> None:
    second = chain.proof("ann", 0, flow_wh, meter="meter-x")
    assert submit(chain, second).code is Code.PROOF_WRONG_METER
    assert evidence(chain) == {address("ann"): second}


def test_a_key_that_was_replaced_still_stands_for_what_it_signed(chain: Chain) -> None:
    for number in (2, 3):
        chain.do("dso", SetProofKey(VDG, public_key_of(f"prover-{number}")))
    second = chain.proof("ann", 0, 9)
    assert submit(chain, second).code is Code.PROOF_WRONG_KEY
    assert evidence(chain) == {address("ann"): second}


def test_a_batch_that_comes_too_late_for_another_account_is_kept_all_the_same(chain: Chain) -> None:
    chain.go_to_slot(9)
    second = chain.proof("ann", 0, 9)
    assert submit(chain, chain.proof("dee", 0, 1), second).code is Code.SLOT_CLOSED
    assert evidence(chain) == {address("ann"): second}


def test_a_batch_with_a_stranger_is_kept_all_the_same(chain: Chain) -> None:
    second = chain.proof("ann", 0, 9)
    assert submit(chain, chain.proof("supplier", 0, 1), second).code is Code.NOT_A_MEMBER
    assert evidence(chain) == {address("ann"): second}


def test_values_by_two_keys_are_no_evidence_against_either(chain: Chain) -> None:
    chain.do("dso", SetProofKey(VDG, public_key_of("prover-2")))
    assert submit(chain, chain.proof("ann", 0, 9, key="prover-2")).code is Code.PROOF_CONFLICT
    assert evidence(chain) == {}


def test_a_value_that_the_key_has_not_signed_is_no_evidence(chain: Chain) -> None:
    assert submit(chain, chain.proof("ann", 0, 9, key="bob")).code is Code.PROOF_WRONG_KEY
    assert submit(chain, chain.proof("ann", 0, 9)._replace(flow_wh=8)).code is Code.PROOF_WRONG_KEY
    assert submit(chain, chain.proof("ann", 0, 5)).code is Code.OK
    assert evidence(chain) == {}


def test_a_repeated_conflict_is_recorded_once(chain: Chain) -> None:
    seconds = [chain.proof("ann", 0, flow_wh) for flow_wh in (7, 8)]
    assert [submit(chain, second).code for second in seconds] == [Code.PROOF_CONFLICT] * 2
    assert evidence(chain) == {address("ann"): seconds[0]}
