"""Typed collections: the only way modules read and write state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from abci_app.core.context import Reader, State

T = TypeVar("T", bound=tuple[Any, ...])

MAX_PAGE = 1000


class Collection(Generic[T]):
    """Values of one message type under ``<store>/<prefix><key>``.

    ``store`` names the Merkle map that the keys are proved in (``/store/<store>/key``); the prefix is one letter
    that tells the collections of a store apart.
    """

    __slots__ = ("_base", "_type")

    def __init__(self, store: str, prefix: bytes, type_: type[T]) -> None:
        self._base = store.encode() + b"/" + prefix
        self._type = type_

    @property
    def base(self) -> bytes:
        """What its keys in the state start with: store, slash, prefix."""
        return self._base

    def get(self, state: Reader, key: bytes) -> T | None:
        """The value at a key, or None."""
        return state.get(self._base + key, self._type)

    def put(self, state: State, key: bytes, value: T) -> None:
        """Set a key."""
        state.put(self._base + key, value)

    def delete(self, state: State, key: bytes) -> None:
        """Remove a key; one that is not there is fine."""
        state.delete(self._base + key)

    def items(self, state: Reader, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, T]]:
        """Entries whose key starts with ``prefix`` and is greater than ``after`` (if given), ascending."""
        start = self._base + max(prefix, after + b"\x00" if after else b"")
        end = _successor(self._base + prefix)
        skip = len(self._base)
        for key, value in state.iterate(start, end, self._type):
            yield key[skip:], value

    def values(self, state: Reader, prefix: bytes = b"") -> list[T]:
        """All values whose key starts with ``prefix``, in order of key."""
        return [value for _, value in self.items(state, prefix)]

    def page(self, state: Reader, prefix: bytes, after: bytes, limit: int) -> tuple[tuple[T, ...], bytes]:
        """At most ``limit`` values (0 means the most, 1,000) and the token for the next page, b"" at the end."""
        most = min(limit or MAX_PAGE, MAX_PAGE)
        found = list(islice(self.items(state, prefix, after), most + 1))
        token = found[most - 1][0] if len(found) > most else b""
        return tuple(value for _, value in found[:most]), token


def _successor(prefix: bytes) -> bytes:
    """The smallest byte string greater than all that start with ``prefix`` (which ends in no 0xFF here)."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes((trimmed[-1] + 1,))
