"""Follows a run from outside, as any client would: through the gateway, and each validator's own answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from clients.common.chain import Chain
from clients.common.errors import ChainError
from clients.common.subscribe import Cursor
from clients.common.wallet import Wallet
from node.cometbft.rpc import RpcClient
from node.run.daylog import DayLog
from wire.ledger import Transfer

_PROBE_SECONDS = 1.0
_FROM_THE_START = Cursor(1, 0)


async def follow_events(chain: Chain, day: DayLog) -> None:
    """Add every event and block to the log, until cancelled."""
    async for batch in chain.batches(start=_FROM_THE_START):
        for event in batch.events:
            day.add_event(event.value, batch.time_ns / 1e9)
        if batch.complete:
            day.add_block(batch.height, batch.time_ns / 1e9)


async def follow_results(chain: Chain, day: DayLog) -> None:
    """Add every transaction's result to the log, until cancelled."""
    async for result in chain.results(start=_FROM_THE_START):
        day.add_result(result.code, result.log)


async def probe(
    chain: Chain, wallet: Wallet, target: bytes, latencies_s: list[float], troubles: Callable[[str], None]
) -> None:
    """Pay a nano-euro now and then, and note how long it takes from submission to the result in a block."""
    while True:
        started = time.monotonic()
        try:
            await chain.submit(wallet, Transfer(target, 1))
            latencies_s.append(time.monotonic() - started)
        except ChainError as error:
            troubles(f"probe: {error}")
        await asyncio.sleep(max(0.0, _PROBE_SECONDS - (time.monotonic() - started)))


@contextlib.asynccontextmanager
async def observing(
    chain: Chain, probing: Wallet, target: bytes, day: DayLog, latencies_s: list[float]
) -> AsyncIterator[None]:
    """Follow the chain while the block runs, and probe it with a wallet's payments to an account.

    Raises: what an observer failed with.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(follow_events(chain, day)),
            group.create_task(follow_results(chain, day)),
            group.create_task(probe(chain, probing, target, latencies_s, day.troubles.append)),
        ]
        yield
        for task in tasks:
            task.cancel()


async def compare_app_hashes(clients: list[RpcClient], height: int) -> tuple[int, int]:
    """Ask every validator for the app hash that it computed at each height up to ``height`` that none has pruned.

    Returns: how many heights were compared, and at how many they differ.
    """
    disagreements = 0
    earliest = max(status.earliest_height for status in await asyncio.gather(*(client.status() for client in clients)))
    if earliest > 1:
        # They prune as we go.
        earliest = (earliest + height) // 2
    for first in range(earliest, height + 1, 25):
        heights = range(first, min(first + 25, height + 1))
        answers = await asyncio.gather(*(client.block_results(h) for h in heights for client in clients))
        for index in range(len(heights)):
            hashes = {answer.app_hash for answer in answers[index * len(clients) : (index + 1) * len(clients)]}
            disagreements += len(hashes) != 1
    return height - earliest + 1, disagreements
