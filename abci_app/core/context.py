"""What a handler, a query or due work is given: state, time and who asks. Nothing else is reachable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Reader(Protocol):
    """Typed reads by key; implemented by overlays and the committed state."""

    def get(self, key: bytes, type_: type[T]) -> T | None:
        """The value at a key, or None."""

    def iterate(self, start: bytes, end: bytes, type_: type[T]) -> Iterator[tuple[bytes, T]]:
        """Keys and values with ``start <= key < end`` in ascending order of key."""


class State(Reader, Protocol):
    """What can be written to as well: overlays only."""

    def put(self, key: bytes, value: Any) -> None:
        """Set a key to an immutable message."""

    def delete(self, key: bytes) -> None:
        """Remove a key; one that is not there is fine."""


class Context:
    """One execution: of a transaction by ``sender``, or of due work or genesis (``sender`` is then b"").

    ``signers`` are the consensus addresses whose votes are in the last block's commit, None where nobody tells.
    """

    __slots__ = ("chain_id", "events", "height", "nonce", "seed", "sender", "signers", "state", "time_s")

    def __init__(
        self,
        state: State,
        *,
        chain_id: str,
        height: int,
        time_s: int,
        seed: bytes = b"",
        sender: bytes = b"",
        nonce: int = 0,
        signers: frozenset[bytes] | None = None,
    ) -> None:
        self.state = state
        self.chain_id = chain_id
        self.height = height
        self.time_s = time_s
        self.seed = seed
        self.sender = sender
        self.nonce = nonce
        self.signers = signers
        self.events: list[Any] = []

    def emit(self, event: Any) -> None:
        """Record a typed event; it is dropped with the writes when the execution is refused."""
        self.events.append(event)
