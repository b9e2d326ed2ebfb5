"""A real broker, a link on it, and waiting for what should become true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from clients.common.broker import BrokerAddress
from clients.household.devices import DeviceLink, Roster

DEADLINE_S = 30.0


async def until(done: Callable[[], bool]) -> None:
    """Wait until a condition holds. Raises: TimeoutError at the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not done():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def linked(url: str, roster: Roster) -> AsyncIterator[DeviceLink]:
    """A roster on the broker at ``url``."""
    link = DeviceLink(BrokerAddress(url=url), roster)
    running = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
