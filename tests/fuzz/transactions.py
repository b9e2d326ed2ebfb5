"""Transactions: decoding is canonical and agrees with protobuf's own; the application gives each one result."""

from __future__ import annotations

import json

from google.protobuf.message import DecodeError

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.audit.auditor import Auditor
from tests.app import world
from tests.app.keyring import public_key_of
from tests.fuzz.finding import FuzzFinding, hold
from wire.codec import CodecError, decode, encode
from wire.gen.vdg.tx.v1 import tx_pb2
from wire.tx import Tx, TxBody

_BLOCKS = 64


class _Judged:
    """An application beside its auditor, begun anew after some blocks so that a finding needs few inputs."""

    def __init__(self) -> None:
        document = json.dumps(world.genesis(governance={"voting_s": 3_600}, control={})).encode()
        validators = [(public_key_of("validator-1"), 30), (public_key_of("validator-2"), 10)]
        self.app = App(MemoryStore())
        self.app.init_chain(world.CHAIN_ID, world.GENESIS_S, validators, document)
        self.auditor = Auditor(world.CHAIN_ID, world.GENESIS_S, validators, document)

    def judge(self, tx: bytes) -> None:
        """CheckTx, a proposal and a block with the transaction."""
        height = self.app.last_block.height + 1
        time_ns = (world.GENESIS_S + height) * 10**9
        self.app.check_tx(tx)
        self.app.process_proposal([tx], time_ns // 10**9)
        (result,) = self.app.finalize_block(height, time_ns, [tx]).block.results
        expected = self.auditor.block(height, time_ns, [tx])
        self.app.commit()
        hold(result.code == expected.results[0].code, f"{result.code.name} is {expected.results[0].code.name}", tx)
        hold(self.app.last_block.app_hash == expected.app_hash, "the auditor has the same app hash", tx)
        hold(len(result.message) < 2_000, "a message is short", tx)


_judged: list[_Judged] = []


def _execute(tx: bytes) -> None:
    if not _judged or _judged[0].app.last_block.height >= _BLOCKS:
        _judged[:] = [_Judged()]
    _judged[0].judge(tx)


def fuzz_transactions(data: bytes) -> None:
    """An envelope, and the same bytes as a body."""
    _decode(data)
    for body in (data, _body_of(data)):
        _decode_body(body)
    _execute(data)


def _body_of(data: bytes) -> bytes:
    try:
        return decode(Tx, data).body
    except CodecError:
        return b""


def _decode(data: bytes) -> None:
    try:
        envelope = decode(Tx, data)
    except CodecError:
        return
    hold(encode(envelope) == data, "a decoded envelope is encoded to the same bytes", data)
    theirs = tx_pb2.Tx.FromString(data)
    hold((theirs.body, theirs.signature) == tuple(envelope), "protobuf reads the same envelope", data)


def _decode_body(data: bytes) -> None:
    try:
        body = decode(TxBody, data)
    except CodecError:
        return
    hold(encode(body) == data, "a decoded body is encoded to the same bytes", data)
    try:
        theirs = tx_pb2.TxBody.FromString(data)
    except DecodeError as error:
        raise FuzzFinding(f"protobuf refuses what the codec takes: {data.hex()}") from error
    hold(theirs.SerializeToString(deterministic=True) == data, "protobuf writes the same body", data)
    hold((theirs.chain_id, theirs.sender, theirs.nonce) == tuple(body[:3]), "protobuf reads the same body", data)
