"""A relay on the ABCI socket that lets a part of one frame through, and kills who is at the ends of the line.

What the application wrote before it was killed is a whole number of bytes, not of replies; so is what CometBFT wrote.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from wire.gen.tendermint.abci import types_pb2 as pb

SOCKET: Final = "cut.sock"
APPLICATION, COMETBFT = "application", "cometbft"
REQUEST, REPLY = "request", "reply"
FIRST, HALF, ALL_BUT_LAST = "first byte", "half", "all but the last byte"


class Cut(NamedTuple):
    """The ``times``-th frame of a kind is cut at a place, and the victims are killed with SIGKILL."""

    direction: str
    kind: str
    place: str
    victims: Sequence[str]
    times: int = 1

    @property
    def name(self) -> str:
        """For the summary."""
        return f"{self.place} of a {self.direction} {self.kind}"

    def bytes_of(self, frame: bytes) -> bytes:
        """What is let through of it: at least a byte less than all."""
        end = {FIRST: 1, HALF: len(frame) // 2, ALL_BUT_LAST: len(frame) - 1}[self.place]
        return frame[:end]


class Relay:
    """Between CometBFT's connections to ``cut.sock`` and the application's socket."""

    def __init__(self, app_socket: Path, cut: Cut) -> None:
        self._app_socket = app_socket
        self._cut = cut
        self._left = cut.times

    async def serve(self, path: Path) -> None:
        """Until the frame comes, which ends this process."""
        server = await asyncio.start_unix_server(self._connected, path)
        await server.serve_forever()

    async def _connected(self, theirs_in: asyncio.StreamReader, theirs_out: asyncio.StreamWriter) -> None:
        ours_in, ours_out = await self._application()
        for writer in (theirs_out, ours_out):
            # `drain` then waits until the kernel has every byte.
            writer.transport.set_write_buffer_limits(high=0)
        processes = {APPLICATION: peer(ours_out), COMETBFT: peer(theirs_out)}
        await asyncio.gather(
            self._pass(REQUEST, theirs_in, ours_out, processes), self._pass(REPLY, ours_in, theirs_out, processes)
        )

    async def _application(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to it; its socket is there a moment before it listens."""
        while True:
            try:
                return await asyncio.open_unix_connection(self._app_socket)
            except ConnectionRefusedError:
                await asyncio.sleep(0.005)

    async def _pass(
        self, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, processes: dict[str, int]
    ) -> None:
        """Frame after frame, until one side ends."""
        try:
            while True:
                length, body = await read_frame(reader)
                if self._is_met(direction, body):
                    writer.write(self._cut.bytes_of(length + body))
                    await writer.drain()
                    for victim in self._cut.victims:
                        os.kill(processes[victim], signal.SIGKILL)
                    os._exit(0)
                writer.write(length + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            # The other side learns of it as it would without a relay.
            writer.close()

    def _is_met(self, direction: str, body: bytes) -> bool:
        cut = self._cut
        if direction != cut.direction:
            return False
        message = pb.Request.FromString(body) if direction == REQUEST else pb.Response.FromString(body)
        if message.WhichOneof("value") != cut.kind:
            return False
        self._left -= 1
        return self._left == 0


async def read_frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next frame: its length as it came, and its body. Raises: IncompleteReadError at the end."""
    length, size = b"", 0
    while not length or length[-1] & 0x80:
        length += await reader.readexactly(1)
        size |= (length[-1] & 0x7F) << (7 * (len(length) - 1))
    return length, await reader.readexactly(size)


def peer(writer: asyncio.StreamWriter) -> int:
    """The process at the other end of a unix socket, which has made the connection or listens."""
    ends: socket.socket = writer.get_extra_info("socket")
    pid, _, _ = struct.unpack("3i", ends.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(pid)


def relay(app_socket: Path, path: Path, cut: Cut) -> int:
    """The relay's main function, in a process of its own; it ends when the frame was cut."""
    path.unlink(missing_ok=True)
    asyncio.run(Relay(app_socket, cut).serve(path))
    return 1
