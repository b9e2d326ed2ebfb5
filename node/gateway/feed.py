"""The one upstream subscription: every block once, in order, whatever happens to the nodes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import grpc

from node.cometbft.block_stream import subscription
from node.cometbft.blocks import CommittedBlock
from node.cometbft.responses import Status
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import RpcError, RpcMalformedError
from node.gateway.block_record import BlockRecord
from node.gateway.history import History
from node.gateway.refusals import NODE_RETRY_MS, CallRefused
from node.gateway.upstreams import Upstreams

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.5
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 2.0
# A node's answer older than this says nothing about now.
STATUS_VALID_SECONDS: Final = 5.0
# Further behind than this, the gateway is not fit to serve.
MAX_LAG_BLOCKS: Final = 5
# Blocks looked back at when starting, so that results are known which the node's index does not have: it may have none.
START_BLOCKS: Final = 200
# After a long break only so many blocks are caught up: streams fetch what they lack by themselves.
MAX_CATCH_UP_BLOCKS: Final = 200

Listener = Callable[[BlockRecord], None]


class BlockFeed:
    """Follows the active node's blocks; `run` it as a task.

    The subscription gives speed. Certainty comes from asking for the height every `POLL_SECONDS`: what the
    subscription skipped, or lost between two connections, is fetched.
    """

    def __init__(
        self, upstreams: Upstreams, history: History, listeners: list[Listener], *, stall_seconds: float
    ) -> None:
        """`listeners` are called with each block; after `stall_seconds` without one, other nodes are looked at."""
        self._upstreams = upstreams
        self._history = history
        self._listeners = listeners
        self._stall_seconds = stall_seconds
        self._order = asyncio.Lock()
        self._advanced = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self._last_block_at = 0.0
        self._status_at = float("-inf")
        self._chain_id = ""
        self._ended = False
        self.head: BlockRecord | None = None
        self.status: Status | None = None
        self.subscriptions = 0
        """How many subscriptions were made, for diagnosis: one, unless connections broke."""

    @property
    def ready(self) -> bool:
        """Whether the active node answers, is in step with the chain, and this feed with it."""
        fresh = asyncio.get_running_loop().time() - self._status_at < STATUS_VALID_SECONDS
        if not fresh or self.status is None or self.status.catching_up:
            return False
        return self.head is not None and self.head.height + MAX_LAG_BLOCKS >= self.status.height

    async def reach(self, height: int) -> None:
        """Return when the head is at this height or above.

        Raises:
            CallRefused: UNAVAILABLE, as the gateway ends.
        """
        while not self._ended and (self.head is None or self.head.height < height):
            await self._advanced.wait()
        if self._ended:
            text = "this gateway is ending: go on at another one, or here again, from the last cursor"
            raise CallRefused(grpc.StatusCode.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS)

    def end(self) -> None:
        """End what waits for blocks, now and in future."""
        self._ended = True
        self._advanced.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        self._last_block_at = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_following())
            tasks.create_task(self._keep_asking())

    async def _keep_following(self) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            before = self.head
            client = self._upstreams.active
            # A task of its own, so that it can be ended when another node becomes the active one.
            self._following = asyncio.create_task(self._follow(client))
            try:
                await asyncio.wait([self._following])
            finally:
                self._following.cancel()
            if not self._following.cancelled():
                self._following.result()
            pause_seconds = FIRST_PAUSE_SECONDS if self.head is not before else 2 * pause_seconds
            pause_seconds = min(pause_seconds, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause_seconds)

    async def _follow(self, client: RpcClient) -> None:
        try:
            async with aclosing(subscription(client)) as events:
                async for block in events:
                    if block is None:
                        # Confirmed: what was committed before is fetched, what comes after is sent.
                        self.subscriptions += 1
                        await self._look(client)
                    else:
                        await self._take(block)
        except RpcError as error:
            log.warning("subscription ended", extra={"node": client.url, "reason": str(error)})
            self._upstreams.fail_over(client, str(error))

    async def _keep_asking(self) -> None:
        lagging_at: BlockRecord | None = None
        while True:
            client = self._upstreams.active
            try:
                status = await self._ask_status(client)
                behind = self.head is not None and status.height > self.head.height
                # The subscription is given until the next look before it is helped.
                if behind and lagging_at is self.head:
                    await self._catch_up(status.height)
                lagging_at = self.head if behind else None
                await self._look_around()
            except RpcError as error:
                log.warning("node does not answer", extra={"node": client.url, "reason": str(error)})
                self._status_at = float("-inf")
                self._switch_from(client, str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def _ask_status(self, client: RpcClient) -> Status:
        status = await client.status()
        self._chain_id = self._chain_id or status.chain_id
        if status.chain_id != self._chain_id:
            raise RpcMalformedError(f"{client.url} is a node of chain {status.chain_id!r}, not {self._chain_id!r}")
        self.status, self._status_at = status, asyncio.get_running_loop().time()
        return status

    async def _look(self, client: RpcClient) -> None:
        """Fetch what a node has and this feed has not."""
        status = await self._ask_status(client)
        if status.height:
            await self._catch_up(status.height)

    async def _look_around(self) -> None:
        """When blocks have stopped coming, see whether another node has more."""
        now = asyncio.get_running_loop().time()
        if self.head is None or now - self._last_block_at < self._stall_seconds:
            return
        self._last_block_at = now
        for client in self._upstreams.others:
            try:
                status = await client.status()
            except RpcError as error:
                log.info("stand-in does not answer", extra={"node": client.url, "reason": str(error)})
                continue
            if status.chain_id == self._chain_id and status.height > self.head.height + 1 and not status.catching_up:
                self._upstreams.prefer(client, f"it is at height {status.height}, not {self.head.height}")
                self._restart()
                return

    def _switch_from(self, client: RpcClient, reason: str) -> None:
        self._upstreams.fail_over(client, reason)
        if self._upstreams.active is not client:
            self._restart()

    def _restart(self) -> None:
        if self._following is not None:
            self._following.cancel()

    async def _take(self, block: CommittedBlock) -> None:
        if self.head is not None and block.height > self.head.height + 1:
            await self._catch_up(block.height - 1)
        record = BlockRecord.of(block)
        async with self._order:
            if self.head is None or record.height == self.head.height + 1:
                self._publish(record)

    async def _catch_up(self, height: int) -> None:
        async with self._order:
            if self.head is None:
                earliest = self.status.earliest_height if self.status else height
                first = max(earliest, height - START_BLOCKS, 1)
                # Fetched first, published at once: nobody shall take one of the older blocks for the head.
                for record in await asyncio.gather(*(self._history.at(past) for past in range(first, height + 1))):
                    self._publish(record)
            elif height - self.head.height > MAX_CATCH_UP_BLOCKS:
                self._publish(await self._history.at(height))
            while self.head is not None and self.head.height < height:
                self._publish(await self._history.at(self.head.height + 1))

    def _publish(self, record: BlockRecord) -> None:
        self.head = record
        self._last_block_at = asyncio.get_running_loop().time()
        self._history.add(record)
        for listener in self._listeners:
            listener(record)
        self._advanced.set()
        self._advanced = asyncio.Event()
