"""``python -m tests.fuzz.make_corpus``: write good inputs of every target into its corpus, to begin from."""

from __future__ import annotations

from collections.abc import Iterator

from node.abci.framing import encode_length
from node.audit.admission import read
from node.audit.case import Denied
from tests.app import scenario
from tests.fuzz import corpus, proofs, snapshots
from tests.fuzz.gateway import REQUESTS
from tests.light.golden_chain import golden_blocks
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.light.proto_form import light_block_to_proto

_FIRST_LIGHT_BLOCKS = 2


def _transactions() -> Iterator[bytes]:
    """One of each message, and of each code of the envelope."""
    seen = set()
    for _, txs in scenario.run().inputs:
        for tx in txs:
            try:
                kind: object = type(read(tx)[1].message)
            except Denied as denied:
                kind = denied.code
            if kind not in seen:
                seen.add(kind)
                yield tx


def _frames() -> Iterator[bytes]:
    """A request of each method, and all at once, after the byte that says how they are split."""
    requests = []
    for field in abci.Request.DESCRIPTOR.oneofs_by_name["value"].fields:
        request = abci.Request()
        getattr(request, field.name).SetInParent()
        payload = request.SerializeToString()
        requests.append(encode_length(len(payload)) + payload)
    for number, framed in enumerate(requests):
        yield bytes((number,)) + framed
    yield b"\x02" + b"".join(requests)


def _gateway() -> Iterator[bytes]:
    """Requests by the byte that chooses them, and light blocks."""
    for number, cls in enumerate(REQUESTS):
        request = cls()
        if isinstance(request, pb.StreamRequest):
            request.types.append("vdg.ledger.v1.Moved")
            request.accounts.append(bytes(20))
        if isinstance(request, pb.GetResultRequest):
            request.hash = bytes(32)
        yield bytes((number,)) + request.SerializeToString()
    for height in sorted(golden_blocks())[:_FIRST_LIGHT_BLOCKS]:
        yield b"\x00" + light_block_to_proto(golden_blocks()[height]).SerializeToString()


def main() -> None:
    """The same files every time."""
    everything = {
        "transactions": _transactions(),
        "frames": _frames(),
        "gateway": _gateway(),
        "snapshots": iter((snapshots.OFFER.metadata, *snapshots.CHUNKS)),
        "proofs": iter((*proofs.OPS, proofs.VALUE)),
    }
    for target, inputs in everything.items():
        for data in inputs:
            corpus.add(target, data)


if __name__ == "__main__":
    main()
