"""The server: listens, lends its event loop to the application, ends cleanly or loudly."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from pathlib import Path

import uvloop

from node.abci.address import bound_address, listen
from node.abci.application import Application
from node.abci.connection import Connection
from node.abci.dispatch import Dispatcher
from node.abci.errors import ApplicationFailedError
from node.abci.framing import DEFAULT_MAX_FRAME_BYTES

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 2.0
"""How long a peer may take to fetch its last replies when the server ends."""


class Server:
    """Serves one application on one address, inside a running event loop.

    CometBFT opens four connections; any number is served. Requests are executed on the loop one at a time, whatever
    connection they came by.
    """

    def __init__(
        self,
        application: Application,
        address: str,
        *,
        max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES,
    ) -> None:
        """Prepare to serve; :meth:`start` does it.

        Args:
            application: called on the event loop, never twice at once.
            address: ``unix:///path`` or ``tcp://host:port``; port 0 takes a free one.
            max_frame_bytes: a request that announces more is refused with ``FrameTooLargeError``.
        """
        self.dispatcher = Dispatcher(application)
        self.max_frame_bytes = max_frame_bytes
        self._asked_address = address
        self._address: str | None = None
        self._socket_inode: int | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._opened_count = 0
        self._all_closed = asyncio.Event()
        self._all_closed.set()
        self._ended = asyncio.Event()
        self._failure: ApplicationFailedError | None = None

    @property
    def address(self) -> str:
        """The address in use, with the port that was taken.

        Raises:
            RuntimeError: the server is not started.
        """
        if self._address is None:
            raise RuntimeError("the server is not started: await start() first")
        return self._address

    async def start(self) -> None:
        """Listen. Returns when peers can connect.

        Raises:
            AddressError: the address cannot be used.
            AddressInUseError: somebody else uses it.
            RuntimeError: the server was started before.
        """
        if self._address is not None:
            raise RuntimeError("a server starts once: make a new one")
        listener = listen(self._asked_address)
        self._address = bound_address(listener)
        loop = asyncio.get_running_loop()
        if listener.family == socket.AF_UNIX:
            self._socket_inode = self._socket_path.lstat().st_ino
            self._server = await loop.create_unix_server(lambda: Connection(self), sock=listener)
        else:
            self._server = await loop.create_server(lambda: Connection(self), sock=listener)
        log.info("listening on %s", self._address)

    async def stop(self) -> None:
        """Stop listening, send the replies that are done, close all connections, remove the unix socket.

        The application is not called any more. Peers that do not fetch their replies are cut off after two seconds.
        Stopping twice, or what was not started, does nothing.
        """
        if self._server is None:
            return
        server, self._server = self._server, None
        self.end()
        if self._socket_inode is not None:
            self._remove_socket(self._socket_path)
        server.close()
        for connection in list(self._connections):
            connection.close()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._all_closed.wait()
        except TimeoutError:
            for connection in list(self._connections):
                connection.abort()
            await self._all_closed.wait()
        await server.wait_closed()

    def end(self) -> None:
        """Make :meth:`wait` return. Peers that connect from now on are turned away."""
        self._ended.set()

    async def wait(self) -> None:
        """Wait until :meth:`end` is called or the application fails.

        Raises:
            ApplicationFailedError: a method of the application raised.
        """
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure

    def opened(self, connection: Connection) -> int:
        """Take note of a new connection; return its number for the log."""
        self._connections.add(connection)
        self._all_closed.clear()
        self._opened_count += 1
        if self._ended.is_set():
            connection.close()
        return self._opened_count

    def closed(self, connection: Connection) -> None:
        """Take note that a connection is gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._all_closed.set()

    def fail(self, error: ApplicationFailedError) -> None:
        """End with this error. From now on no connection calls the application.

        Every connection is told, as CometBFT stops by whichever it sees broken first and logs what that one said.
        """
        self._failure = error
        for connection in self._connections:
            connection.end_with(error)
        self._ended.set()

    @property
    def _socket_path(self) -> Path:
        return Path(self.address.removeprefix("unix://"))

    def _remove_socket(self, path: Path) -> None:
        """Remove our socket, unless a newer one has taken its place."""
        try:
            if path.lstat().st_ino == self._socket_inode:
                path.unlink()
        except FileNotFoundError:
            log.warning("the socket %s was removed by somebody else", path)


async def serve(
    application: Application,
    address: str,
    *,
    max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the request in hand and return. For the main thread only.

    From then on both signals are ignored: a supervisor that sees CometBFT end first may ask a process to end that is
    ending already, and what it still has to close, or its exit code, must not be cut off.

    Raises:
        ApplicationFailedError: a method of the application raised; let the process end with it.
        AddressError: the address cannot be used.
        AddressInUseError: somebody else uses it.
    """
    server = Server(application, address, max_frame_bytes=max_frame_bytes)
    loop = asyncio.get_running_loop()
    await server.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end_by_signal, server, number)
    try:
        await server.wait()
    finally:
        await server.stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
        log.info("stopped")


def _end_by_signal(server: Server, number: signal.Signals) -> None:
    log.info("%s: stopping", number.name)
    server.end()


def run(application: Application, address: str, *, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
    """Do what :func:`serve` does, on a uvloop of its own. Raises what it raises."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(application, address, max_frame_bytes=max_frame_bytes))
