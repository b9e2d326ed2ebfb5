"""A relay in front of a real gateway that passes everything on, until it is told to lie."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import grpc

from node.localnet.ports import free_ports

# Which methods answer with a stream; every other one gives one answer.
_STREAMS = frozenset({"/vdg.gateway.v1.EventService/Stream", "/vdg.gateway.v1.EventService/StreamResults"})
Context = Any  # grpc.aio.ServicerContext takes parameters in its type stubs only


class Asked(NamedTuple):
    """A request as it came: the method's path, its bytes, and the headers that came with it."""

    path: str
    data: bytes
    headers: tuple[tuple[str, str | bytes], ...]


class LyingRelay(grpc.GenericRpcHandler):
    """`lie` may change any answer's bytes, by the method's path; ``asked`` has every request."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.aio.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])
        (port,) = free_ports(1)
        self.address = f"127.0.0.1:{port}"
        self.lie: Callable[[str, bytes], bytes] = lambda _, answer: answer
        self.calls = 0
        self.asked: list[Asked] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Every method there is."""
        path = handler_call_details.method
        if path in _STREAMS:
            return grpc.unary_stream_rpc_method_handler(self._streamer(path))
        return grpc.unary_unary_rpc_method_handler(self._caller(path))

    def _caller(self, path: str) -> Any:
        async def call(data: bytes, context: Context) -> bytes:
            self.calls += 1
            self._remember(path, data, context)
            passed: Any = self._channel.unary_unary(path)
            try:
                return self.lie(path, await passed(data, timeout=context.time_remaining()))
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "", error.trailing_metadata() or ())
                raise

        return call

    def _streamer(self, path: str) -> Any:
        async def stream(data: bytes, context: Context) -> AsyncIterator[bytes]:
            self._remember(path, data, context)
            passed: Any = self._channel.unary_stream(path)
            try:
                async for answer in passed(data):
                    yield self.lie(path, answer)
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "")

        return stream

    def _remember(self, path: str, data: bytes, context: Context) -> None:
        self.asked.append(Asked(path, data, tuple(context.invocation_metadata() or ())))

    async def close(self) -> None:
        await self._channel.close()


@asynccontextmanager
async def lying_relay(target: str) -> AsyncIterator[LyingRelay]:
    """A relay that serves at its address."""
    relay = LyingRelay(target)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([relay])
    server.add_insecure_port(relay.address)
    await server.start()
    try:
        yield relay
    finally:
        await server.stop(None)
        await relay.close()
