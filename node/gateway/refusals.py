"""Why a call is refused: a gRPC status, a message with the way out, and when to try again."""

from __future__ import annotations

from typing import Final

import grpc

from node.cometbft.rpc_errors import (
    CatchingUpError,
    MempoolFullError,
    NotFoundError,
    RpcError,
    RpcMalformedError,
    RpcRefusedError,
    RpcUnreachableError,
)

RETRY_KEY: Final = "grpc-retry-pushback-ms"
"""Trailing metadata that gRPC's own retry policy obeys (gRFC A6)."""

NODE_RETRY_MS: Final = 500
MEMPOOL_RETRY_MS: Final = 1_000


class CallRefused(Exception):
    """Ends a call with a status other than OK."""

    def __init__(self, status: grpc.StatusCode, message: str, *, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_ms = retry_after_ms

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Trailing metadata: the pause in milliseconds before a retry makes sense; none when it never does."""
        return () if self.retry_after_ms is None else ((RETRY_KEY, str(self.retry_after_ms)),)


def refusal_of(error: RpcError) -> CallRefused:
    """What a client is told when the nodes behind the gateway could not answer. Node addresses stay inside."""
    status = grpc.StatusCode
    match error:
        case CatchingUpError():
            text = "the node behind this gateway is catching up with the chain: try again later or another gateway"
            return CallRefused(status.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS)
        case MempoolFullError():
            text = "the node's mempool is full: send the same bytes again after the next block"
            return CallRefused(status.RESOURCE_EXHAUSTED, text, retry_after_ms=MEMPOOL_RETRY_MS)
        case NotFoundError():
            return CallRefused(status.OUT_OF_RANGE, f"the node does not have it: {error.reason}")
        case RpcRefusedError():
            return CallRefused(status.FAILED_PRECONDITION, f"the node refused: {error.reason}")
        case RpcMalformedError():
            text = "the node behind this gateway gave an answer that makes no sense: try another gateway"
            return CallRefused(status.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS)
        case RpcUnreachableError() | _:
            text = (
                "no node behind this gateway answers: try again later or another gateway; "
                "a transaction may have arrived, so send the same bytes"
            )
            return CallRefused(status.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS)
