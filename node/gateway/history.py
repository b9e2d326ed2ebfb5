"""Blocks by height: the recent ones from memory, older ones from a node."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from node.cometbft.rpc import RpcClient
from node.gateway.block_record import BlockRecord
from node.gateway.upstreams import Upstreams


class History:
    """A cache bounded in bytes, least recently used first out; concurrent fetches are bounded and shared."""

    def __init__(self, upstreams: Upstreams, *, max_bytes: int, max_fetches: int) -> None:
        """`max_bytes` bounds what is kept, `max_fetches` how many blocks are fetched at once."""
        self._upstreams = upstreams
        self._max_bytes = max_bytes
        self._records: OrderedDict[int, BlockRecord] = OrderedDict()
        self._size_bytes = 0
        self._fetches: dict[int, asyncio.Task[BlockRecord]] = {}
        self._slots = asyncio.Semaphore(max_fetches)

    @property
    def size_bytes(self) -> int:
        """What the kept blocks take."""
        return self._size_bytes

    def add(self, record: BlockRecord) -> None:
        """Keep a block, and drop others for it."""
        if record.height in self._records:
            return
        self._records[record.height] = record
        self._size_bytes += record.size_bytes
        while self._size_bytes > self._max_bytes and len(self._records) > 1:
            _, dropped = self._records.popitem(last=False)
            self._size_bytes -= dropped.size_bytes

    async def at(self, height: int) -> BlockRecord:
        """The block of a height.

        Raises:
            NotFoundError: the nodes do not have it (yet, or any more).
            RpcError: they do not answer, or make no sense.
        """
        record = self._records.get(height)
        if record is not None:
            self._records.move_to_end(height)
            return record
        # Shielded: others may wait for the same fetch when this caller goes away.
        return await asyncio.shield(self._fetch(height))

    def prefetch(self, heights: Iterable[int]) -> None:
        """Begin to fetch blocks that will be asked for soon."""
        for height in heights:
            if height not in self._records:
                self._fetch(height)

    def _fetch(self, height: int) -> asyncio.Task[BlockRecord]:
        task = self._fetches.get(height)
        if task is None:
            task = self._fetches[height] = asyncio.create_task(self._load(height))
            task.add_done_callback(lambda done: self._settle(height, done))
        return task

    def _settle(self, height: int, done: asyncio.Task[BlockRecord]) -> None:
        del self._fetches[height]
        # Looked at here because nobody may be waiting for a prefetched block; whoever asks next fetches again.
        if not done.cancelled() and done.exception() is None:
            self.add(done.result())

    async def _load(self, height: int) -> BlockRecord:
        async def load(client: RpcClient) -> BlockRecord:
            return BlockRecord.of(await client.committed_block(height))

        async with self._slots:
            return await self._upstreams.ask(load)

    async def close(self) -> None:
        """End all fetches."""
        tasks = list(self._fetches.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
