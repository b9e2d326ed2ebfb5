"""Where committed bytes live: the protocol, and a store in memory for tests and scenarios."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from typing import Protocol

Change = tuple[bytes, bytes | None]


class StoreCorrupted(Exception):
    """What is in a store is not what was committed: it can't be read, or hashes to something else."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}: remove the data folders of application and CometBFT, and sync anew")


class StoreView(Protocol):
    """A store as it was at one moment, whatever is written later. One thread reads it, which may be any."""

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key."""

    def close(self) -> None:
        """Let the store forget what is only seen here; before the store is closed."""


class Store(Protocol):
    """An ordered map of bytes. One ``write`` is atomic and durable, or did not happen."""

    def get(self, key: bytes) -> bytes | None:
        """The value at a key, or None."""

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key."""

    def write(self, changes: Sequence[Change]) -> None:
        """Put (or, with None, delete) every key, all or nothing, on disk before it returns."""

    def view(self) -> StoreView:
        """The store as it is now."""


class MemoryStore:
    """A Store that forgets when the process ends."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        """The value at a key, or None."""
        return self._values.get(key)

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key."""
        keys = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, end)]
        for key in keys:
            yield key, self._values[key]

    def write(self, changes: Sequence[Change]) -> None:
        """Put (or, with None, delete) every key."""
        for key, value in changes:
            if value is None:
                if self._values.pop(key, None) is not None:
                    del self._keys[bisect_left(self._keys, key)]
            else:
                if key not in self._values:
                    insort(self._keys, key)
                self._values[key] = value

    def view(self) -> MemoryStore:
        """A copy."""
        copy = MemoryStore()
        copy._values, copy._keys = dict(self._values), list(self._keys)
        return copy

    def close(self) -> None:
        """Nothing is held."""
