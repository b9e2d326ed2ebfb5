"""Follows a run from outside, as any client would: through the gateway, and each validator's own answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from clients.common.chain import Chain
from clients.common.errors import ChainError
from clients.common.subscribe import Cursor
from clients.common.wallet import Wallet
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import RpcError, RpcUnreachableError
from node.run.daylog import DayLog
from wire.ledger import Transfer

_PROBE_SECONDS = 1.0
_PATIENCE_SECONDS: Final = 15.0
_ASK_AGAIN_SECONDS = 0.2
_FROM_THE_START = Cursor(1, 0)
T = TypeVar("T")


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
        day.add_result(result.code, result.log, result.sender, result.time_ns / 1e9)


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

    Raises: what an observer, or the block itself, failed with first.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(follow_events(chain, day)),
                group.create_task(follow_results(chain, day)),
                group.create_task(probe(chain, probing, target, latencies_s, partial(day.troubles.add, "probe"))),
            ]
            yield
            for task in tasks:
                task.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def compare_app_hashes(
    clients: list[RpcClient], height: int, patience_s: float = _PATIENCE_SECONDS
) -> tuple[int, int]:
    """Ask every validator for the app hash that it computed at each height up to ``height`` that none has pruned.

    One that is a block behind, or just starting again, is asked again for ``patience_s``.

    Returns: at how many heights all have answered or some differ, and at how many they differ.
    """
    asking = _Asking(time.monotonic() + patience_s)
    compared = disagreements = 0
    statuses = await asyncio.gather(*(asking.ask(client, client.status) for client in clients))
    earliest = max((status.earliest_height for status in statuses if status is not None), default=1)
    if earliest > 1:
        # They prune as we go.
        earliest = (earliest + height) // 2
    for first in range(earliest, height + 1, 25):
        heights = range(first, min(first + 25, height + 1))
        answers = await asyncio.gather(
            *(asking.ask(client, partial(client.block_results, h)) for h in heights for client in clients)
        )
        for index in range(len(heights)):
            given = answers[index * len(clients) : (index + 1) * len(clients)]
            hashes = {answer.app_hash for answer in given if answer is not None}
            differ = len(hashes) > 1
            compared += None not in given or differ
            disagreements += differ
    return compared, disagreements


class _Asking:
    """Asks validators until a moment (of the monotonic clock); who can't be reached then is not asked again."""

    def __init__(self, until_s: float) -> None:
        self._until_s = until_s
        self._away: set[RpcClient] = set()

    async def ask(self, client: RpcClient, question: Callable[[], Awaitable[T]]) -> T | None:
        """The answer, or None."""
        while client not in self._away:
            try:
                return await question()
            except RpcError as error:
                if time.monotonic() >= self._until_s:
                    if isinstance(error, RpcUnreachableError):
                        self._away.add(client)
                    return None
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
        return None
