"""The application in docs/abci-server.md is run as it stands there."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

from node.abci import Application
from tests.abci.daemon import Daemon
from tests.abci.host import short_dir
from tests.abci.peer import Peer, check_tx
from wire.gen.tendermint.abci import types_pb2 as abci

PAGE = Path(__file__).parents[2] / "docs" / "abci-server.md"
ONE = (1).to_bytes(8, "big")


def example() -> str:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found.group(1)


def test_the_counter_counts_and_remembers() -> None:
    with short_dir() as folder:
        (folder / "counter.py").write_text(example())
        address = f"unix://{folder}/c.sock"
        command = [sys.executable, str(folder / "counter.py"), address, str(folder / "state")]
        for height in (1, 2):
            with Daemon(command, folder / f"{height}.log") as app:
                app.wait_for("listening on ")
                with Peer(address) as peer:
                    info = peer.ask(abci.Request(info=abci.RequestInfo())).info
                    assert info.last_block_height == height - 1
                    txs = [bytes(8), ONE, ONE] if height == 1 else [b""]
                    block = abci.RequestFinalizeBlock(height=height, txs=txs)
                    executed = peer.ask(abci.Request(finalize_block=block)).finalize_block
                    assert [result.code for result in executed.tx_results] == ([0, 0, 1] if height == 1 else [1])
                    assert peer.ask(check_tx(ONE)).check_tx.code == 1
                    peer.ask(abci.Request(commit=abci.RequestCommit()))
                    assert peer.ask(abci.Request(query=abci.RequestQuery())).query.value == b"2"
                app.send(signal.SIGTERM)
                assert app.exit_code() == 0


def test_every_method_and_every_error_is_named() -> None:
    page = PAGE.read_text()
    for name in vars(Application):
        assert name.startswith("_") or f"`{name}`" in page
    errors = (PAGE.parents[1] / "node" / "abci" / "errors.py").read_text()
    for name in re.findall(r"^class (\w+)", errors, re.MULTILINE):
        assert f"`{name}`" in page
