"""When to try again after a call failed, and when not to."""

from __future__ import annotations

import asyncio
import random
from typing import Final

import grpc

from clients.common.errors import GatewayError

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
# The gateway's hint, which is also gRPC's own (gRFC A6).
PUSHBACK_KEY: Final = "grpc-retry-pushback-ms"

_PASSING: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }
)


class Backoff:
    """Pauses that double, each up to a half shorter by chance so that clients do not come back together."""

    def __init__(self) -> None:
        self._pause_seconds = FIRST_PAUSE_SECONDS

    def reset(self) -> None:
        """Begin with short pauses again, because a call went well."""
        self._pause_seconds = FIRST_PAUSE_SECONDS

    def next_seconds(self) -> float:
        """The length of the next pause."""
        pause_seconds = self._pause_seconds * random.uniform(0.5, 1)  # noqa: S311 - nothing depends on guessing it
        self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
        return pause_seconds

    async def pause(self, error: grpc.aio.AioRpcError | None = None) -> None:
        """Sleep, at least as long as the gateway asks for in an error.

        Raises:
            GatewayError: the error will not pass.
        """
        at_least_seconds = 0.0
        if error is not None:
            if error.code() not in _PASSING:
                raise GatewayError(f"{error.code().name}: {error.details()}") from error
            for key, value in error.trailing_metadata() or ():
                if key == PUSHBACK_KEY and str(value).isdigit():
                    at_least_seconds = int(value) / 1000
        await asyncio.sleep(max(at_least_seconds, self.next_seconds()))
