"""How functions of this package become methods of a gRPC server: limits, deadlines and statuses in one place."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from node.cometbft.rpc_errors import RpcError
from node.gateway.rate_limit import CallRate, StreamCount
from node.gateway.refusals import CallRefused, refusal_of

log = logging.getLogger(__name__)

# In quotes: these classes take parameters in their type stubs only.
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Call(Protocol):
    """What a method may know of its call."""

    def seconds_left(self) -> float:
        """Until the deadline: the client's or the gateway's, whichever is sooner."""

    def tell(self, key: str, value: str) -> None:
        """Add to the answer's trailing metadata."""


class _Call:
    def __init__(self, context: Context, ends_at: float) -> None:
        self._context = context
        self._ends_at = ends_at

    def seconds_left(self) -> float:
        return self._ends_at - time.monotonic()

    def tell(self, key: str, value: str) -> None:
        self._context.set_trailing_metadata(((key, value),))


Unary = Callable[[Any, Call], Awaitable[bytes]]
Streaming = Callable[[Any], AsyncGenerator[bytes, None]]


class Methods:
    """Wraps functions as gRPC methods; requests and answers are bytes on this side, so that nothing is coded twice."""

    def __init__(self, rate: CallRate, streams: StreamCount, *, max_call_seconds: float) -> None:
        self._rate = rate
        self._streams = streams
        self._max_call_seconds = max_call_seconds

    def unary(self, name: str, parse: Callable[[bytes], Any], function: Unary) -> Handler:
        """A method with one answer. `parse` reads the request, raising DecodeError for garbage."""

        async def serve(data: bytes, context: Context) -> bytes:
            started = time.monotonic()
            remaining = context.time_remaining()
            allowed_seconds = min(self._max_call_seconds, self._max_call_seconds if remaining is None else remaining)
            call = _Call(context, started + allowed_seconds)
            try:
                self._rate.take(peer_of(context))
                async with asyncio.timeout(allowed_seconds):
                    return await function(parsed(name, parse, data), call)
            except TimeoutError:
                text = f"no answer within {allowed_seconds:.3g} s: try again"
                refused = CallRefused(grpc.StatusCode.DEADLINE_EXCEEDED, text)
            except (CallRefused, RpcError) as error:
                refused = as_refusal(name, error)
            return await self._refuse(name, refused, context)

        return grpc.unary_unary_rpc_method_handler(serve)

    def streaming(self, name: str, parse: Callable[[bytes], Any], function: Streaming) -> Handler:
        """A method with a stream of answers that has no deadline of the gateway's."""

        async def serve(data: bytes, context: Context) -> AsyncIterator[bytes]:
            try:
                peer = peer_of(context)
                self._rate.take(peer)
                with self._streams.one(peer):
                    async with aclosing(function(parsed(name, parse, data))) as answers:
                        async for answer in answers:
                            yield answer
            except (CallRefused, RpcError) as error:
                await self._refuse(name, as_refusal(name, error), context)

        return grpc.unary_stream_rpc_method_handler(serve)

    async def _refuse(self, name: str, refused: CallRefused, context: Context) -> bytes:
        facts = {"method": name, "peer": peer_of(context), "status": refused.status.name, "reason": refused.message}
        log.info("refused", extra=facts)
        await context.abort(refused.status, refused.message, refused.metadata)


def parsed(name: str, parse: Callable[[bytes], Any], data: bytes) -> Any:
    """The request.

    Raises:
        CallRefused: INVALID_ARGUMENT, when the bytes are none.
    """
    try:
        return parse(data)
    except DecodeError:
        text = f"the {len(data)} bytes sent are no request of {name}: encode the message that its .proto file names"
        raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, text) from None


def as_refusal(name: str, error: CallRefused | RpcError) -> CallRefused:
    """What the client is told of an error; the nodes' own words go to the log."""
    if isinstance(error, CallRefused):
        return error
    log.warning("node failed a call", extra={"method": name, "reason": str(error)})
    return refusal_of(error)


def peer_of(context: Context) -> str:
    """Who calls: the name in the client's certificate where there is one, else its host."""
    names = context.auth_context().get("x509_common_name")
    if names:
        return next(iter(names)).decode(errors="replace")
    return context.peer().rpartition(":")[0]


def service(name: str, handlers: dict[str, Handler]) -> grpc.GenericRpcHandler:
    """A service by its full name, from its methods."""
    return grpc.method_handlers_generic_handler(name, handlers)
