"""Typed queries: a request of `wire` in, its response out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from typing import Any, Final

import grpc

from clients.common.errors import ChainError, GatewayError, Unavailable
from clients.common.retry import Backoff
from wire.codec import decode, encode
from wire.events import event_name

CALL_SECONDS: Final = 5.0
DEFAULT_PATIENCE_SECONDS: Final = 30.0


class Queries:
    """Asks a gateway. Calls that fail for a passing reason are made again."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def ask(self, request: Any, *, patience_seconds: float = DEFAULT_PATIENCE_SECONDS) -> Any:
        """The response to a request, as `wire.market.GetBookResponse` to `wire.market.GetBookRequest`.

        Raises:
            GatewayError: the chain has no such query, or does not take the request.
            Unavailable: nobody answered within `patience_seconds`.
            CodecError: the answer is no canonical response: the gateway, or this version, is wrong.
        """
        path, response_type = method_of(type(request))
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(path)
        data = encode(request)
        backoff = Backoff()
        last = "no answer"
        try:
            async with asyncio.timeout(patience_seconds):
                while True:
                    try:
                        return decode(response_type, await call(data, timeout=CALL_SECONDS))
                    except grpc.aio.AioRpcError as error:
                        last = f"{error.code().name}: {error.details()}"
                        await backoff.pause(error)
        except TimeoutError:
            raise Unavailable(f"{path} within {patience_seconds:g} s: {last}") from None
        except GatewayError as error:
            raise GatewayError(f"{path}: {error}") from error

    async def pages(
        self, request: Any, *, patience_seconds: float = DEFAULT_PATIENCE_SECONDS
    ) -> AsyncGenerator[Any, None]:
        """All pages of a request that has a `page_token`, from the first on; each raises as `ask` does."""
        while True:
            response = await self.ask(request, patience_seconds=patience_seconds)
            yield response
            if not response.next_page_token:
                return
            request = request._replace(page_token=response.next_page_token)


def method_of(request_type: type[Any]) -> tuple[str, type[Any]]:
    """The gRPC method and the response's class of a request's class.

    Raises:
        ChainError: it is no request of a query.
    """
    package, _, name = event_name(request_type).rpartition(".")
    module = request_type.__module__
    response_type = getattr(sys.modules[module], name.removesuffix("Request") + "Response", None)
    if not name.endswith("Request") or response_type is None:
        raise ChainError(f"{module}.{name} is no query: give a request, as wire.market.GetBookRequest")
    service = f"{module.rpartition('.')[2].capitalize()}QueryService"
    return f"/{package}.{service}/{name.removesuffix('Request')}", response_type
