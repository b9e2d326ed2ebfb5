"""A server in a thread of the test's own process."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import uvloop

from node.abci import Application, Server
from tests.abci.peer import DEADLINE_SECONDS

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


class Hosted:
    """A running server: its address, and how it ends."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, serving: Future[None]) -> None:
        self.address = server.address
        self._server = server
        self._loop = loop
        self._serving = serving

    def end(self) -> BaseException | None:
        """End the server, if it has not ended by itself; return the exception it ended with."""
        # A loop that is closed already belongs to a server that has ended by itself.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._server.end)
        return self.failure()

    def failure(self) -> BaseException | None:
        """Wait until the server has ended by itself; return the exception it ended with."""
        return self._serving.exception(DEADLINE_SECONDS)


@contextmanager
def short_dir() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="abci", dir="/tmp") as path:
        yield Path(path)


@contextmanager
def hosted(
    application: Application,
    address: str = "",
    *,
    loop_factory: LoopFactory = uvloop.new_event_loop,
    max_frame_bytes: int = 1_000_000,
) -> Iterator[Hosted]:
    """Serve while the context lasts, on a unix socket unless told otherwise."""
    started: list[tuple[Server, asyncio.AbstractEventLoop]] = []
    ready = threading.Event()

    async def serve(at: str) -> None:
        server = Server(application, at, max_frame_bytes=max_frame_bytes)
        await server.start()
        started.append((server, asyncio.get_running_loop()))
        ready.set()
        try:
            await server.wait()
        finally:
            await server.stop()

    def thread(at: str) -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(serve(at))

    with short_dir() as folder, ThreadPoolExecutor(1) as pool:
        serving = pool.submit(thread, address or f"unix://{folder}/a.sock")
        serving.add_done_callback(lambda _: ready.set())
        ready.wait(DEADLINE_SECONDS)
        if not started:
            serving.result(DEADLINE_SECONDS)
        server = Hosted(*started[0], serving)
        try:
            yield server
        finally:
            server.end()
