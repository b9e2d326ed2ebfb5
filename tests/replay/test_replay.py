"""`vdg replay` on a real chain: over RPC while it runs, and from the files of the stopped node."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.history.errors import HistoryError
from node.history.home_source import HomeSource
from node.history.recorded import RecordedBlock, RecordedGenesis
from node.history.source import Source
from node.history.span import Span
from node.replay.replay import Replayed, replay
from node.validator import ValidatorApplication
from tests.replay.traded_chain import TradedChain, traded_chain
from wire.gen.tendermint.abci import types_pb2 as abci


@pytest.fixture
async def chain() -> AsyncIterator[TradedChain]:
    with tempfile.TemporaryDirectory(prefix="rp") as folder:
        async with traded_chain(Path(folder).resolve()) as running:
            yield running


class Altered:
    """A record in which something was changed."""

    def __init__(
        self,
        source: Source,
        change: Callable[[RecordedBlock], RecordedBlock] = lambda block: block,
        span: Callable[[Span], Span] = lambda span: span,
    ) -> None:
        self._source = source
        self._change = change
        self._span = span

    async def genesis(self) -> RecordedGenesis:
        return await self._source.genesis()

    async def span(self) -> Span:
        return self._span(await self._source.span())

    async def block(self, height: int) -> RecordedBlock:
        return self._change(await self._source.block(height))

    async def results(self, height: int) -> abci.ResponseFinalizeBlock | None:
        return await self._source.results(height)

    async def value(self, store: str, key: bytes, height: int) -> bytes:
        return await self._source.value(store, key, height)


async def replayed(source: Source) -> Replayed:
    return await replay(source, ValidatorApplication(App(MemoryStore())))


def vdg(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "node.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.network
async def test_a_chain_executed_anew_comes_to_the_same_hashes_and_a_changed_record_does_not(
    chain: TradedChain,
) -> None:
    over_rpc = vdg("replay", "--rpc", chain.url, "--json")
    audited = vdg("audit", "--rpc", chain.url, "--json")
    in_use = vdg("replay", "--home", str(chain.home))
    await chain.stop()
    before = sorted(file.name for file in (chain.home / "data").rglob("*"))
    from_files = vdg("replay", "--home", str(chain.home), "--json", "--store", str(chain.home / "replayed"))

    assert over_rpc.returncode == 0, over_rpc.stderr
    assert (in_use.returncode, "stop the node" in in_use.stderr) == (1, True)
    assert from_files.returncode == 0, from_files.stderr
    told = json.loads(from_files.stdout)
    assert told["difference"] is None
    assert told["transactions"] == 9
    assert told["height"] >= json.loads(over_rpc.stdout)["height"] > 10
    # The node's files are as they were.
    assert sorted(file.name for file in (chain.home / "data").rglob("*")) == before

    assert audited.returncode == 0, audited.stderr
    found = json.loads(audited.stdout)
    assert found["finding"] is None
    assert found["transactions"] == 9
    assert found["blocks"] == found["blocks_with_results"] > 10
    assert found["totals"]["certified_wh"] == 390
    again = vdg("audit", "--home", str(chain.home))
    assert (again.returncode, "all app hashes agree" in again.stdout) == (0, True), again.stderr

    with HomeSource(chain.home) as source:
        last = (await source.span()).last
        traded = [h for h in range(1, last) if (await source.block(h)).txs]
        without = traded[-1]

        def lose_a_transaction(block: RecordedBlock) -> RecordedBlock:
            return replace(block, txs=block.txs[1:]) if block.height == without else block

        lost = (await replayed(Altered(source, lose_a_transaction))).difference
        assert lost is not None
        assert lost.height == without
        assert lost.what == "app hash (and last_results_hash)"

        def forge_the_state(block: RecordedBlock) -> RecordedBlock:
            return replace(block, app_hash=bytes(32)) if block.height == 5 else block

        forged = (await replayed(Altered(source, forge_the_state))).difference
        assert forged is not None
        assert (forged.height, forged.what, forged.recorded) == (4, "app hash", "00" * 32)
        assert forged.results == ("every result and event is the same: the difference is in the state alone",)

        with pytest.raises(HistoryError, match="keeps blocks from 3 on"):
            await replayed(Altered(source, span=lambda span: Span(3, span.last)))


def test_what_is_no_node_is_refused_with_the_way_out(tmp_path: Path) -> None:
    missing = vdg("replay", "--home", str(tmp_path))
    assert (missing.returncode, "give the home of a node that has run" in missing.stderr) == (1, True)
    nothing = vdg("replay")
    assert (nothing.returncode, "--rpc URL" in nothing.stderr) == (2, True)
    unreachable = vdg("replay", "--rpc", "http://127.0.0.1:1")
    assert unreachable.returncode == 3
