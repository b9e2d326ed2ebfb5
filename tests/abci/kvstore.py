"""A durable example application: transactions `key=value`, one JSON file as its store.

`python -m tests.abci.kvstore ADDRESS FILE` serves it as a process of its own; options make it fail or wait.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
from pathlib import Path

from node.abci import Application, run
from wire.gen.tendermint.abci import types_pb2 as abci

REFUSED = 1
METHODS = [field.name for field in abci.Request.DESCRIPTOR.oneofs_by_name["value"].fields]


def accepted(tx: bytes) -> bool:
    key, separator, value = tx.partition(b"=")
    return bool(key and separator and value and b"=" not in value)


class KvStore(Application):
    """Executes into memory, makes durable in commit; the app hash covers all items and the height."""

    def __init__(self, file: Path, poison: bytes = b"") -> None:
        """Read the store; a block with the transaction `poison` will raise."""
        self._file = file
        self._poison = poison
        self.height = 0
        self.items: dict[str, str] = {}
        if file.exists():
            stored = json.loads(file.read_text())
            self.height, self.items = stored["height"], stored["items"]

    @property
    def app_hash(self) -> bytes:
        if not self.height:
            return b""
        return hashlib.sha256(json.dumps([self.height, sorted(self.items.items())]).encode()).digest()

    def info(self, request: abci.RequestInfo) -> abci.ResponseInfo:
        return abci.ResponseInfo(
            data=json.dumps({"size": len(self.items)}),
            last_block_height=self.height,
            last_block_app_hash=self.app_hash,
        )

    def query(self, request: abci.RequestQuery) -> abci.ResponseQuery:
        value = self.items.get(request.data.decode())
        if value is None:
            return abci.ResponseQuery(code=REFUSED, log="no such key", height=self.height)
        return abci.ResponseQuery(key=request.data, value=value.encode(), height=self.height)

    def check_tx(self, request: abci.RequestCheckTx) -> abci.ResponseCheckTx:
        return abci.ResponseCheckTx(code=0 if accepted(request.tx) else REFUSED)

    def process_proposal(self, request: abci.RequestProcessProposal) -> abci.ResponseProcessProposal:
        verdict = abci.ResponseProcessProposal
        return verdict(status=verdict.ACCEPT if all(map(accepted, request.txs)) else verdict.REJECT)

    def finalize_block(self, request: abci.RequestFinalizeBlock) -> abci.ResponseFinalizeBlock:
        if self._poison and self._poison in request.txs:
            raise ArithmeticError("the example was told to fail here")
        self.height = request.height
        for tx in request.txs:
            key, _, value = tx.decode().partition("=")
            self.items[key] = value
        set_event = abci.Event(type="set", attributes=[abci.EventAttribute(key="size", value=str(len(self.items)))])
        return abci.ResponseFinalizeBlock(
            events=[set_event],
            tx_results=[abci.ExecTxResult(data=tx) for tx in request.txs],
            app_hash=self.app_hash,
        )

    def commit(self, request: abci.RequestCommit) -> abci.ResponseCommit:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps({"height": self.height, "items": self.items}))
        os.replace(new, self._file)
        return abci.ResponseCommit()


def fail_in(application: Application, method: str) -> None:
    """Make one method of the application raise from now on."""

    def fail(request: object) -> object:
        raise ArithmeticError("the example was told to fail here")

    setattr(application, method, fail)


def hold_in(application: Application, method: str, fifo: Path) -> None:
    """Make one method say so and wait until somebody opens this FIFO for writing."""
    go_on = getattr(application, method)

    def hold(request: object) -> object:
        logging.getLogger(__name__).info("holding")
        fifo.read_bytes()
        return go_on(request)

    setattr(application, method, hold)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("file", type=Path)
    parser.add_argument("--fail-in", choices=METHODS)
    parser.add_argument("--fail-on", type=str.encode, metavar="TX", default=b"")
    parser.add_argument("--hold-in", choices=METHODS)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    application = KvStore(arguments.file, arguments.fail_on)
    if arguments.fail_in:
        fail_in(application, arguments.fail_in)
    if arguments.hold_in:
        hold_in(application, arguments.hold_in, arguments.file.with_suffix(".fifo"))
    run(application, arguments.address)


if __name__ == "__main__":
    main()
