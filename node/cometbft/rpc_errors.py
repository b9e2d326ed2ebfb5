"""What can go wrong when asking a CometBFT node over JSON-RPC."""

from __future__ import annotations

from typing import Final


class RpcError(Exception):
    """Any failure of a JSON-RPC call; the message names the method and the node."""


class RpcUnreachableError(RpcError):
    """The node could not be reached, closed the connection, or did not answer in time.

    A transaction that was being sent may or may not have arrived: send the same bytes again.
    """


class RpcMalformedError(RpcError):
    """The node answered something that is not a JSON-RPC response of the expected shape."""


class RpcRefusedError(RpcError):
    """The node answered with an error.

    `code` is the JSON-RPC error code, `reason` the node's own words.
    """

    def __init__(self, message: str, *, code: int, reason: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


class TxInCacheError(RpcRefusedError):
    """The node has seen these very bytes before: they wait in its mempool, or were committed or refused lately."""


class MempoolFullError(RpcRefusedError):
    """The mempool has no room now; try again after the next block."""


class CatchingUpError(RpcRefusedError):
    """The node replays old blocks and takes no transactions yet."""


class TxTooLargeError(RpcRefusedError):
    """The transaction is larger than the mempool takes."""


class NotFoundError(RpcRefusedError):
    """The node has no such transaction (or no index of any), or no such height (yet, or any more)."""


# CometBFT tells its errors apart by their wording alone: code -32603 stands for all of them. The words are those of
# mempool/errors.go and rpc/core at the pinned tag.
_WORDING: Final[tuple[tuple[str, type[RpcRefusedError]], ...]] = (
    ("tx already exists in cache", TxInCacheError),
    ("mempool is full", MempoolFullError),
    ("mempool is still rechecking", MempoolFullError),
    ("endpoint is closed while node is catching up", CatchingUpError),
    ("Tx too large", TxTooLargeError),
    ("must be less than or equal to the current blockchain height", NotFoundError),
    ("is not available, lowest height is", NotFoundError),
    (") not found", NotFoundError),
    ("transaction indexing is disabled", NotFoundError),
)


def refusal(method: str, url: str, code: int, reason: str) -> RpcRefusedError:
    """The typed error for a JSON-RPC error object."""
    kind = next((kind for words, kind in _WORDING if words in reason), RpcRefusedError)
    return kind(f"{method} at {url} was refused: {reason} (code {code})", code=code, reason=reason)
