"""An MQTT broker on the loopback address, from the library amqtt: ``python -m emulator.broker --port 1883``.

For a neighbourhood on one machine. It asks for no password and stores nothing on disk; on a network use one with TLS
and accounts. A client with a persistent session must give a user name, any, to be remembered while it is away.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker

HOST = "127.0.0.1"
_LISTENER = "default"
_SHUTDOWN_SECONDS = 10.0
_LOG = logging.getLogger(__name__)


class _Subscriptions(dict[str, Any]):
    """Goes through the filters that there were when it began.

    amqtt 0.12 awaits in between, while clients subscribe. Whoever was just coming would be left unserved by a
    RuntimeError, "dictionary changed size during iteration", and so would those that a message is for.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.keys()))

    def items(self) -> Any:
        return self.copy().items()


class EmbeddedBroker:
    """A broker inside this event loop. The port is the system's choice unless given.

    ``plugins``: further ones of amqtt's, such as rules of access, with their settings by their names.
    """

    def __init__(self, port: int = 0, plugins: Mapping[str, Any] | None = None) -> None:
        if not 0 <= port <= 65_535:
            raise ValueError(f"port is {port}; give 0 (any free port) to 65535")
        self.port = port
        self._plugins = {"emulator.broker_users.Everybody": {}, **(plugins or {})}
        self._broker: Broker | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where clients connect; true once started."""
        return f"mqtt://{HOST}:{self.port}"

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        # The listener is ours, so that port 0 works and the port is known; amqtt calls that an external one.
        config = {
            "listeners": {_LISTENER: {"type": "external", "bind": HOST}},
            "plugins": self._plugins,
        }
        broker = Broker(config)
        broker._subscriptions = _Subscriptions()
        await broker.start()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._writers.add(writer)
            try:
                await broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), _LISTENER)
            finally:
                self._writers.discard(writer)

        self._broker = broker
        try:
            self._server = await asyncio.start_server(connected, HOST, self.port)
        except OSError:
            await self.stop()
            raise
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes every connection. Does nothing when not started."""
        if self._server is not None:
            self._server.close()
            self._server = None
        # amqtt closes one session after the other; whoever is still connected meanwhile would be told that the broker
        # has taken what nobody gets any more.
        for writer in self._writers:
            writer.transport.abort()
        if self._broker is not None:
            broker, self._broker = self._broker, None
            try:
                await asyncio.wait_for(broker.shutdown(), _SHUTDOWN_SECONDS)
            except TimeoutError:
                # amqtt may wait for ever for the session of a client that is just coming or going.
                _LOG.warning("a client's session was not closed within %g s: it is forgotten", _SHUTDOWN_SECONDS)

    async def __aenter__(self) -> EmbeddedBroker:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def serve(port: int) -> None:
    """Runs a broker until SIGTERM or SIGINT; prints one JSON line with its URL when it listens."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with EmbeddedBroker(port) as broker:
        typer.echo(json.dumps({"broker": broker.url}))
        await stopped.wait()


def main(port: Annotated[int, typer.Option(help="TCP port on the loopback address; 0 takes a free one.")] = 0) -> None:
    """Run an MQTT broker on the loopback address until it is told to stop."""
    logging.basicConfig(level=logging.WARNING)
    try:
        asyncio.run(serve(port))
    except (OSError, ValueError) as error:
        typer.echo(f"broker: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
