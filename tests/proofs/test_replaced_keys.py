"""What a proof key signed can be shown to others when another key has taken its place."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from tests.app.keyring import public_key_of
from tests.app.world import VDG
from tests.proofs.command import vdg, verify_receipt
from tests.proofs.setting import FLOW, SCHEMA, Setting, exported
from wire import state_keys as at
from wire.codec import encode
from wire.grid import ListProofKeysRequest, ListProofKeysResponse, ProofKey, SetProofKey


def replace_proof_key(setting: Setting, *names: str) -> None:
    for name in names:
        setting.gateway.chain.do("dso", SetProofKey(VDG, public_key_of(name)))
    setting.gateway.chain.block()


async def test_a_flow_is_receipted_however_often_the_proof_key_was_replaced_since(
    setting: Setting, tmp_path: Path
) -> None:
    replace_proof_key(setting, "prover-2", "prover-3")
    out = tmp_path / "receipt.json"
    file = await exported(setting, FLOW, out)
    jsonschema.validate(file, SCHEMA)
    signer = public_key_of("prover").hex()
    ours = await vdg("proof", "check", out, "--genesis", setting.genesis)
    assert (ours.code, f"signed by key {signer}" in ours.out, " UTC until 20" in ours.out) == (0, True, True)
    theirs = await verify_receipt(out, setting.genesis)
    assert (theirs.code, f"signed by a proof key of {VDG}: {signer}" in theirs.out) == (0, True), theirs.err


async def test_a_key_that_was_not_the_signer_s_makes_no_receipt_though_it_is_proved(
    setting: Setting, tmp_path: Path
) -> None:
    replace_proof_key(setting, "prover-2")
    path, out = tmp_path / "receipt.json", tmp_path / "other.json"
    file = await exported(setting, FLOW, path)
    chain = setting.gateway.chain
    other = at.PROOF_KEYS.at(at.grid_prefix(VDG) + public_key_of("prover-2"))
    answer = chain.answer(other, int(file["height"]))
    ops = [{"type": op.type, "key": op.key.hex(), "data": op.data.hex()} for op in answer.ops]
    file["items"][1] = {"store": "grid", "key": other.key.hex(), "value": answer.value.hex(), "ops": ops}
    out.write_text(json.dumps(file))
    ours = await vdg("proof", "check", out, "--genesis", setting.genesis)
    assert (ours.code, "BAD_SIGNATURE" in ours.err) == (5, True)
    theirs = await verify_receipt(out, setting.genesis)
    assert (theirs.code, "NOT PROVED: BadSignatureError" in theirs.err) == (1, True)


async def test_a_gateway_that_keeps_the_signer_s_key_back_gets_no_receipt_written(
    setting: Setting, tmp_path: Path
) -> None:
    replace_proof_key(setting, "prover-2")

    def lie(path: str, answer: bytes) -> bytes:
        keys = (ProofKey(VDG, public_key_of("prover-2")),)
        return encode(ListProofKeysResponse(keys)) if path == "/grid/ListProofKeys" else answer

    setting.gateway.query = lie
    out = tmp_path / "receipt.json"
    done = await vdg("receipt", *FLOW, "--genesis", setting.genesis, "--out", out, gateway=setting.gateway.address)
    assert (done.code, "BAD_SIGNATURE" in done.err, out.exists()) == (5, True, False)


def test_a_key_that_comes_back_is_in_force_again_and_keeps_its_first_time(setting: Setting) -> None:
    chain = setting.gateway.chain
    began_s = chain.query(ListProofKeysRequest(VDG), ListProofKeysResponse).proof_keys[0].since_s
    replace_proof_key(setting, "prover-2", "prover-2", "prover")
    keys = {key.proof_key: key for key in chain.query(ListProofKeysRequest(VDG), ListProofKeysResponse).proof_keys}
    back, gone = keys[public_key_of("prover")], keys[public_key_of("prover-2")]
    assert (back.since_s, back.until_s) == (began_s, 0)
    assert began_s < gone.since_s < gone.until_s
