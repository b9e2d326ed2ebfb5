"""The CometBFT nodes behind a gateway: one is active, the others stand in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import CatchingUpError, RpcError, RpcMalformedError, RpcUnreachableError

log = logging.getLogger(__name__)

T = TypeVar("T")

ELSEWHERE = (RpcUnreachableError, RpcMalformedError, CatchingUpError)
"""Failures that another node may not have."""


class Upstreams:
    """Several nodes of one chain. Calls go to the active one first, then around."""

    def __init__(self, clients: Sequence[RpcClient]) -> None:
        """`clients` in order of preference, at least one; they are closed by `close`."""
        self._clients = tuple(clients)
        self._active = 0
        self._changed = asyncio.Event()

    @property
    def active(self) -> RpcClient:
        """The node that blocks are followed at."""
        return self._clients[self._active]

    @property
    def others(self) -> tuple[RpcClient, ...]:
        """The nodes that stand in, in the order in which they would."""
        return self._clients[self._active + 1 :] + self._clients[: self._active]

    def prefer(self, client: RpcClient, reason: str) -> None:
        """Make a node the active one."""
        if client is not self.active:
            log.warning("changed node", extra={"from": self.active.url, "to": client.url, "reason": reason})
            self._active = self._clients.index(client)
            self._changed.set()
            self._changed = asyncio.Event()

    async def change(self) -> None:
        """Return as soon as another node than now is the active one."""
        await self._changed.wait()

    def fail_over(self, failed: RpcClient, reason: str) -> None:
        """Make the next node active, unless somebody did already or there is none."""
        if failed is self.active and self.others:
            self.prefer(self.others[0], reason)

    async def ask(self, question: Callable[[RpcClient], Awaitable[T]]) -> T:
        """The first answer of any node; asking twice must do no harm.

        Raises:
            RpcError: a node's refusal, or the active node's failure when all fail.
        """
        try:
            return await question(self.active)
        except ELSEWHERE as error:
            first: RpcError = error
        for client in self.others:
            try:
                return await question(client)
            except ELSEWHERE as error:
                log.debug("stand-in failed too", extra={"node": client.url, "reason": str(error)})
        raise first

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.close()
