"""Layers of typed values: what is committed, and changes on top that are merged or dropped whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from abci_app.core.context import Reader
from abci_app.state.store import Change, Store
from wire.codec import decode

T = TypeVar("T")

_UNKNOWN = object()

# Decoded values are immutable, so they are kept; the bound keeps a long run's memory flat.
_CACHED_VALUES = 50_000


class Committed:
    """The last committed state, decoded. Read-only: it changes by ``absorb`` when a block is committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Values with the bytes that they are stored as; nothing and nothing for keys that are not there, which are
        # asked for as often.
        self._cache: dict[bytes, tuple[Any, bytes | None]] = {}

    def get(self, key: bytes, type_: type[T]) -> T | None:
        """The value at a key, or None."""
        known = self._cache.get(key)
        if known is None:
            data = self._store.get(key)
            known = self._remember(key, None if data is None else decode(type_, data), data)
        found: T | None = known[0]
        return found

    def iterate(self, start: bytes, end: bytes, type_: type[T]) -> Iterator[tuple[bytes, T]]:
        """Keys and values with ``start <= key < end`` in ascending order of key."""
        for key, data in self._store.iterate(start, end):
            known = self._cache.get(key)
            yield key, decode(type_, data) if known is None else known[0]

    def encoded(self, key: bytes) -> bytes | None:
        """The bytes stored at a key, or None; those that are remembered are not read again."""
        known = self._cache.get(key)
        return self._store.get(key) if known is None else known[1]

    def absorb(self, changes: dict[bytes, Any], encoded: Sequence[Change]) -> None:
        """Remember what a block just committed, so that it needs not be decoded again.

        ``encoded`` has the same keys in the same order, with the bytes of each value.
        """
        for (key, value), (_, data) in zip(changes.items(), encoded, strict=True):
            self._remember(key, value, data)

    def _remember(self, key: bytes, value: Any, data: bytes | None) -> tuple[Any, bytes | None]:
        if len(self._cache) >= _CACHED_VALUES:
            self._cache.clear()
        known = self._cache[key] = (value, data)
        return known


class Overlay:
    """Changes on top of another state; ``None`` marks a deletion."""

    __slots__ = ("_parent", "changes")

    def __init__(self, parent: Reader) -> None:
        self._parent = parent
        self.changes: dict[bytes, Any] = {}

    def get(self, key: bytes, type_: type[T]) -> T | None:
        """The value at a key, or None."""
        value = self.changes.get(key, _UNKNOWN)
        return self._parent.get(key, type_) if value is _UNKNOWN else value

    def put(self, key: bytes, value: Any) -> None:
        """Set a key to an immutable message."""
        self.changes[key] = value

    def delete(self, key: bytes) -> None:
        """Remove a key; one that is not there is fine."""
        self.changes[key] = None

    def iterate(self, start: bytes, end: bytes, type_: type[T]) -> Iterator[tuple[bytes, T]]:
        """Keys and values with ``start <= key < end``, ascending, as they were when the iteration began."""
        changed = sorted(key for key in self.changes if start <= key < end)
        values = {key: self.changes[key] for key in changed}
        below = self._parent.iterate(start, end, type_)
        position = 0
        for key, value in below:
            while position < len(changed) and changed[position] < key:
                if values[changed[position]] is not None:
                    yield changed[position], values[changed[position]]
                position += 1
            if position < len(changed) and changed[position] == key:
                continue
            yield key, value
        for key in changed[position:]:
            if values[key] is not None:
                yield key, values[key]

    def merge_into(self, other: Overlay) -> None:
        """Make these changes the other's own."""
        other.changes.update(self.changes)
