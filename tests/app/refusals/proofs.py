"""Proofs of flow, and what nobody may do to itself."""

from __future__ import annotations

from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.refusals.row import row
from tests.app.refusals.situations import HOUSEHOLD
from tests.app.world import VDG
from wire.accounts import SetFrozen, SetRoles
from wire.flowproof import FlowProof, SubmitProofs
from wire.results import Code


@row(Code.PROOF_WRONG_KEY, "proofs.signature", "have the DSO sign it")
def a_proof_by_the_wrong_key(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    return chain.tx("bob", SubmitProofs(VDG, 0, (chain.proof("ann", 0, 1, key="bob"),)))


@row(Code.PROOF_WRONG_KEY, "over this chain, slot")
def a_proof_signed_for_another_slot(chain: Chain) -> bytes:
    chain.go_to_slot(2)
    return chain.tx("bob", SubmitProofs(VDG, 0, (chain.proof("ann", 1, 1),)))


@row(Code.PROOF_WRONG_KEY)
def a_proof_signed_for_another_chain(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    return chain.tx("bob", SubmitProofs(VDG, 0, (chain.proof("ann", 0, 1, chain_id="vdg-other"),)))


@row(Code.PROOF_WRONG_KEY)
def a_proof_whose_value_was_changed(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    proof: FlowProof = chain.proof("ann", 0, 1)._replace(flow_wh=2)
    return chain.tx("bob", SubmitProofs(VDG, 0, (proof,)))


@row(Code.PROOF_WRONG_METER, "proofs.meter = 'meter-bob'", "'meter-ann'")
def a_proof_of_another_meter(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    return chain.tx("dso", SubmitProofs(VDG, 0, (chain.proof("ann", 0, 1, meter="meter-bob"),)))


@row(Code.PROOF_CONFLICT, "proofs.flow_wh = 2", "1 is proved", "evidence")
def a_second_value_for_a_proved_flow(chain: Chain) -> bytes:
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"ann": 1}))
    return chain.tx("bob", chain.proofs(0, {"ann": 2}))


@row(Code.NOT_ALLOWED, "can't drop its own role", "another registrar")
def a_registrar_that_drops_its_role(chain: Chain) -> bytes:
    return chain.tx("registrar", SetRoles(address("registrar"), HOUSEHOLD))


@row(Code.NOT_ALLOWED, "the sender", "another registrar")
def a_registrar_that_freezes_itself(chain: Chain) -> bytes:
    return chain.tx("registrar", SetFrozen(address("registrar"), True))
