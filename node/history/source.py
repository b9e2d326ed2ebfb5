"""Where a chain's past is read from, and how to open it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from node.history.errors import HistoryError
from node.history.recorded import RecordedBlock, RecordedGenesis
from node.history.span import Span
from wire.gen.tendermint.abci import types_pb2 as abci

# Requests in flight: enough to keep one core busy with what comes back.
AHEAD = 16


class Source(Protocol):
    """A node's record of its chain. Every call raises HistoryError when the record lacks what is asked for."""

    async def genesis(self) -> RecordedGenesis:
        """The chain's beginning."""

    async def span(self) -> Span:
        """Which blocks are there."""

    async def block(self, height: int) -> RecordedBlock:
        """One block."""

    async def results(self, height: int) -> abci.ResponseFinalizeBlock | None:
        """What the node's application answered to a block; None where the node keeps no results."""

    async def value(self, store: str, key: bytes, height: int) -> bytes:
        """An item of the application's state after a block; b"" when it is absent."""


@asynccontextmanager
async def open_source(rpc: str | None, home: Path | None) -> AsyncIterator[Source]:
    """The record of a running node (its RPC address) or of a stopped one (its folder).

    Raises: HistoryError when neither or both are given, or the record can't be opened.
    """
    # Imported when needed: one wants aiohttp, the other LevelDB.
    if (rpc is None) == (home is None):
        raise HistoryError("give either --rpc URL of a running node or --home DIR of a stopped one")
    if rpc is not None:
        from node.history.rpc_source import RpcSource

        async with RpcSource(rpc) as remote:
            yield remote
    elif home is not None:
        from node.history.home_source import HomeSource

        with HomeSource(home) as local:
            yield local


async def blocks_with_results(
    source: Source, first: int, last: int
) -> AsyncGenerator[tuple[RecordedBlock, abci.ResponseFinalizeBlock | None], None]:
    """Blocks in order with their results, a few read ahead of where the reader is."""
    waiting: deque[asyncio.Task[tuple[RecordedBlock, abci.ResponseFinalizeBlock | None]]] = deque()

    async def read(height: int) -> tuple[RecordedBlock, abci.ResponseFinalizeBlock | None]:
        return await source.block(height), await source.results(height)

    try:
        for height in range(first, last + 1):
            waiting.append(asyncio.create_task(read(height)))
            if len(waiting) >= AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
