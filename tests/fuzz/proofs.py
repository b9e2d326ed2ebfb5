"""Proofs and proof files: whatever a stranger sends, nothing false is verified, and refusals are as documented."""

from __future__ import annotations

from abci_app.app import App
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address
from tests.fuzz.finding import hold
from wire.codec import CodecError, decode, encode
from wire.ledger import EUR, account_holder
from wire.merkle import ProofOp
from wire.proof import verified_value
from wire.proof_file import parse_proof_file, proof_file_text
from wire.unverified import Unverified

_KEY = f"b{EUR}/".encode() + account_holder(address("ann"))


def _genuine() -> tuple[bytes, bytes, tuple[bytes, ...]]:
    """An app hash, the value of ann's balance in it, and the operators that prove it."""
    chain = Chain(world.genesis())
    app: App = chain.app
    app_hash = app.last_block.app_hash
    chain.block()
    answer = app.query("/store/ledger/key", _KEY, prove=True)
    return app_hash, answer.value, tuple(encode(op) for op in answer.proof)


APP_HASH, VALUE, OPS = _genuine()


def fuzz_proofs(data: bytes) -> None:
    """The bytes in place of each operator of a good proof, as its value, and as a file."""
    for index in range(len(OPS)):
        try:
            op = decode(ProofOp, data)
        except CodecError:
            break
        ops = [decode(ProofOp, one) for one in OPS]
        ops[index] = op
        _verify(ops, VALUE, data)
    _verify([decode(ProofOp, one) for one in OPS], data, data)
    try:
        file = parse_proof_file(data)
    except Unverified:
        return
    hold(parse_proof_file(proof_file_text(file).encode()) == file, "a proof file that is read can be written", data)


def _verify(ops: list[ProofOp], value: bytes, data: bytes) -> None:
    try:
        verified_value(APP_HASH, "ledger", _KEY, value, ops)
    except Unverified:
        return
    hold(value == VALUE, "no value but the true one is verified", data)
