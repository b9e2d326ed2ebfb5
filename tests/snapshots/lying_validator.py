"""A validator's application that is honest in the folder validator0 and gives out forged snapshots in any other."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from node.validator import __main__ as validator
from node.validator.application import ValidatorApplication
from wire.gen.tendermint.abci import types_pb2 as abci


class Liar(ValidatorApplication):
    """Executes blocks as all do, but changes a byte of every chunk, and offers a newer state of its own making."""

    def list_snapshots(self, request: abci.RequestListSnapshots) -> abci.ResponseListSnapshots:
        listed = super().list_snapshots(request)
        if listed.snapshots:
            honest = listed.snapshots[-1]
            forged = bytearray(honest.metadata)
            # Within the roots of the last store: near its end there are only the ends of its chunks.
            forged[-100] ^= 1
            sha256 = hashlib.sha256(forged).digest()
            listed.snapshots.add(
                height=honest.height + 1,
                format=honest.format,
                chunks=honest.chunks,
                hash=sha256,
                metadata=bytes(forged),
            )
        return listed

    def load_snapshot_chunk(self, request: abci.RequestLoadSnapshotChunk) -> abci.ResponseLoadSnapshotChunk:
        chunk = bytearray(super().load_snapshot_chunk(request).chunk)
        if chunk:
            chunk[-1] ^= 1
        return abci.ResponseLoadSnapshotChunk(chunk=bytes(chunk))


if __name__ == "__main__":
    if Path.cwd().name != "validator0":
        # The one line in which this process differs; the name is not the module's to give away.
        vars(validator)["ValidatorApplication"] = Liar
    sys.exit(validator.main())
