"""Gateways under test: in this process, or one of their own that can be killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc

from node.gateway.configuration import parse_configuration
from node.gateway.server import Gateway
from tests.gateway.chain_host import DEADLINE_SECONDS
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.gateway.v1 import gateway_pb2_grpc as stubs


class Client:
    """A channel with the gateway's own services."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.tx = stubs.TxServiceStub(channel)
        self.events = stubs.EventServiceStub(channel)
        self.node = stubs.NodeServiceStub(channel)
        self.store = stubs.StoreServiceStub(channel)

    async def submit(self, tx: bytes, timeout: float = DEADLINE_SECONDS) -> pb.SubmitResponse:
        return await self.tx.Submit(pb.SubmitRequest(tx=tx), timeout=timeout)

    async def status(self) -> pb.StatusResponse:
        return await self.node.Status(pb.StatusRequest(), timeout=DEADLINE_SECONDS)

    async def now_s(self) -> int:
        return (await self.status()).time_ns // 1_000_000_000


@asynccontextmanager
async def gateway(*urls: str, **settings: Any) -> AsyncIterator[tuple[Gateway, str]]:
    """A gateway in this process that has seen a block, and its address."""
    configuration = parse_configuration({"listen": "127.0.0.1:0", "nodes": list(urls)} | settings, "test")
    server = Gateway(configuration)
    try:
        address = await server.start()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await server.feed.reach(1)
        yield server, address
    finally:
        await server.stop()


@asynccontextmanager
async def client(address: str) -> AsyncIterator[Client]:
    """A plain client."""
    async with grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield Client(channel)


@asynccontextmanager
async def served(*urls: str, **settings: Any) -> AsyncIterator[Client]:
    """A client of a gateway in this process."""
    async with gateway(*urls, **settings) as (_, address), client(address) as one:
        yield one


class GatewayProcess:
    """`python -m node.gateway` on a unix socket, so that it can come back at the same address."""

    def __init__(self, folder: Path, url: str, *options: str) -> None:
        self.target = f"unix:{folder}/gw.sock"
        self._address_file = folder / "address"
        self._log = folder / "gateway.log"
        self._command = [sys.executable, "-m", "node.gateway", "--node", url, "--listen", self.target]
        self._command += ["--address-file", str(self._address_file), *options]
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._address_file.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        await eventually(self._listens, "the gateway listens")

    async def _listens(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the gateway has ended:\n{self._log.read_text()}")
        return self._address_file.exists()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the gateway was not started")
        return self._process.pid

    def kill(self) -> None:
        """As a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> int:
        """End it in order; its exit code."""
        if self._process is None:
            raise RuntimeError("the gateway was not started")
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(DEADLINE_SECONDS)


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return as soon as the condition holds; fail when it does not within the deadline."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not await condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None
