"""A real validator of one's own, with Go's key-value store as its application."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from node.cometbft.rpc import RpcClient
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import Application


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vdg") as folder:
        yield Path(folder) / "net"


@pytest.fixture
async def net(home: Path) -> AsyncIterator[Localnet]:
    """One validator that makes a block every 50 ms or so; its mempool holds three transactions of 100 bytes."""
    application = Application.of_cometbft("persistent_kvstore")
    settings = Settings(timeout_commit_ms=20, mempool_txs=3, max_tx_bytes=100)
    async with Localnet.create(home, chain_id="one", validators=1, application=application, settings=settings) as net:
        net.write_genesis({})
        await net.up()
        yield net


@pytest.fixture
def rpc(net: Localnet) -> RpcClient:
    return net.rpc(0)
