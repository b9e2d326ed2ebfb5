"""The serial counter that `abci-cli test` expects to find: each transaction must be the next number."""

from __future__ import annotations

from node.abci import Application
from wire.gen.tendermint.abci import types_pb2 as abci

REFUSED = 2


class Counter(Application):
    """Takes the transactions 0, 1, 2, …, big-endian; its app hash is how many it has taken, none at first."""

    def __init__(self) -> None:
        self.count = 0

    def _take(self, tx: bytes) -> abci.ExecTxResult:
        if len(tx) > 8 or int.from_bytes(tx, "big") != self.count:
            return abci.ExecTxResult(code=REFUSED)
        self.count += 1
        return abci.ExecTxResult()

    def finalize_block(self, request: abci.RequestFinalizeBlock) -> abci.ResponseFinalizeBlock:
        results = [self._take(tx) for tx in request.txs]
        return abci.ResponseFinalizeBlock(
            tx_results=results,
            app_hash=self.count.to_bytes(8, "big") if self.count else b"",
        )
