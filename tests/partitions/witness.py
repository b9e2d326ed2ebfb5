"""A client that reads everything a chain does, and believes no stream that has a gap or a repeat."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import pairwise

from clients.common.chain import Chain
from clients.common.subscribe import Cursor
from node.cometbft.rpc import RpcClient
from node.gateway.block_record import BlockRecord
from wire.ledger import Moved, account_holder

EventKey = tuple[int, int, str, bytes]
ResultKey = tuple[int, int, bytes, int]


class StreamBroken(AssertionError):
    """A stream gave an item that is not the next one."""


@dataclass
class Witness:
    """Reads all events and all results through one gateway, from the first block on.

    Attributes:
        events: height, place, type and canonical bytes of each.
        results: height, place, transaction hash and code of each.
        height: the last block that was seen whole.
        arrivals_s: when (monotonic seconds) each block was seen whole.
    """

    events: list[EventKey] = field(default_factory=list)
    results: list[ResultKey] = field(default_factory=list)
    moved: list[tuple[bytes, int]] = field(default_factory=list)
    height: int = 0
    arrivals_s: list[float] = field(default_factory=list)

    async def watch(self, chain: Chain) -> None:
        """Read until cancelled.

        Raises:
            StreamBroken: something was missing, or came twice.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_events(chain))
            group.create_task(self._watch_results(chain))

    async def _watch_events(self, chain: Chain) -> None:
        place = 0
        async for batch in chain.batches(start=Cursor(1)):
            if batch.height != self.height + 1:
                raise StreamBroken(f"events of block {batch.height} came after those of block {self.height}")
            for event in batch.events:
                if (event.height, event.place) != (batch.height, place):
                    raise StreamBroken(f"event {event.height}/{event.place} came where {batch.height}/{place} was next")
                self.events.append((event.height, event.place, event.type, event.data))
                if isinstance(event.value, Moved):
                    self.moved.append((event.value.source, event.value.amount_neur))
                place += 1
            if batch.complete:
                self.height, place = batch.height, 0
                self.arrivals_s.append(time.monotonic())

    async def _watch_results(self, chain: Chain) -> None:
        height, place = 0, 0
        async for result in chain.results(start=Cursor(1)):
            if result.height > height:
                height, place = result.height, 0
            if (result.height, result.place) != (height, place):
                raise StreamBroken(f"result {result.height}/{result.place} came where {height}/{place} was next")
            self.results.append((height, place, result.tx_hash, result.code))
            place += 1

    def payments_of(self, sender: bytes) -> list[int]:
        """The amounts that an account paid, in the order of the stream (nEUR)."""
        return [amount_neur for source, amount_neur in self.moved if source == account_holder(sender)]

    def longest_silence_s(self, since_s: float) -> float:
        """The longest time without a block since then, up to the last one that came."""
        times = [since_s, *(arrival for arrival in self.arrivals_s if arrival > since_s)]
        return max((after - before for before, after in pairwise(times)), default=0.0)


async def told_by(node: RpcClient, height: int) -> tuple[list[EventKey], list[ResultKey]]:
    """All events and results up to a block, asked of a node itself."""
    events: list[EventKey] = []
    results: list[ResultKey] = []
    for number in range(1, height + 1):
        record = BlockRecord.of(await node.committed_block(number))
        events += [(number, event.index, event.type, event.data) for event in record.events]
        results += [(number, result.index, result.hash, result.code) for result in record.results]
    return events, results
