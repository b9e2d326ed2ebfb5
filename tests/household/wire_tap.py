"""A broker's wire, tapped: a relay for MQTT connections that remembers every message that clients publish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

_CONNECT, _PUBLISH, _SUBSCRIBE = 1, 3, 8


class Published(NamedTuple):
    """A message as it went over the wire."""

    topic: str
    payload: bytes


class WireTap:
    """``published`` grows by what clients send; ``connects`` has the bytes of their CONNECT packets.

    ``subscribed`` has the filters that they ask for, ``kinds`` the types of all packets, by MQTT's numbers.
    """

    def __init__(self, host: str, port: int) -> None:
        self._broker = (host, port)
        self.port = 0
        self.published: list[Published] = []
        self.connects: list[bytes] = []
        self.subscribed: list[str] = []
        self.kinds: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, until either side ends it."""
        broker_reader, broker_writer = await asyncio.open_connection(*self._broker)
        ways = (self._listen(reader, broker_writer), _pass_on(broker_reader, writer))
        tasks = [asyncio.create_task(way) for way in ways]
        self._tasks.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.difference_update(tasks)
        for one in (writer, broker_writer):
            one.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(1)
            length, digits = 0, b""
            while not digits or digits[-1] & 0x80:
                digits += await reader.readexactly(1)
                length |= (digits[-1] & 0x7F) << 7 * (len(digits) - 1)
            body = await reader.readexactly(length)
            self.kinds.add(head[0] >> 4)
            if head[0] >> 4 == _PUBLISH:
                end = 2 + int.from_bytes(body[:2], "big")
                begin = end + (2 if head[0] & 0x06 else 0)
                self.published.append(Published(body[2:end].decode(), body[begin:]))
            elif head[0] >> 4 == _CONNECT:
                self.connects.append(body)
            elif head[0] >> 4 == _SUBSCRIBE:
                self.subscribed += _filters(body)
            writer.write(head + digits + body)
            await writer.drain()

    async def close(self) -> None:
        """Cut all connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _filters(body: bytes) -> list[str]:
    """The topic filters of a SUBSCRIBE packet: behind its number, each with its length and followed by its QoS."""
    filters, at = [], 2
    while at < len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        filters.append(body[at + 2 : end].decode())
        at = end + 1
    return filters


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def wire_tap(port: int) -> AsyncIterator[WireTap]:
    """A tap in front of the broker at a port of this machine, at its own ``port``."""
    tap = WireTap("127.0.0.1", port)
    server = await asyncio.start_server(tap.serve, "127.0.0.1", 0)
    tap.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield tap
        finally:
            await tap.close()
