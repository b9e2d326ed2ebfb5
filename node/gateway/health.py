"""gRPC health: SERVING while the nodes are in step with the chain, and this gateway with them."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from grpc_health.v1 import health, health_pb2

from node.gateway.feed import BlockFeed

log = logging.getLogger(__name__)

CHECK_SECONDS: Final = 0.25
_STATUS = health_pb2.HealthCheckResponse


class Health:
    """Keeps the standard health service's statuses up to date for the server and for each service."""

    def __init__(self, feed: BlockFeed, services: list[str]) -> None:
        self.servicer = health.aio.HealthServicer()
        self._feed = feed
        self._services = ["", *services]
        self._ready: bool | None = None

    async def run(self) -> None:
        """Look at the feed until cancelled."""
        while True:
            if self._feed.ready is not self._ready:
                self._ready = self._feed.ready
                log.info("health", extra={"serving": self._ready})
                for name in self._services:
                    await self.servicer.set(name, _STATUS.SERVING if self._ready else _STATUS.NOT_SERVING)
            await asyncio.sleep(CHECK_SECONDS)

    async def end(self) -> None:
        """Say that the gateway goes, for good."""
        await self.servicer.enter_graceful_shutdown()
