"""Records by key, with a journal: what a refused transaction did is taken back, and what a block changed is known."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Journal:
    """What records were before each change since ``clear``, of all tables together."""

    def __init__(self) -> None:
        self._entries: list[tuple[Table[Any, Any], Any, Any]] = []

    def note(self, table: Table[Any, Any], key: Any, before: Any) -> None:
        """A record is about to change."""
        self._entries.append((table, key, before))

    def mark(self) -> int:
        """A point that ``undo`` can go back to."""
        return len(self._entries)

    def undo(self, mark: int) -> None:
        """Take back everything since a mark."""
        while len(self._entries) > mark:
            table, key, before = self._entries.pop()
            table.restore(key, before)

    def changes(self) -> dict[bytes, Any]:
        """The records that changed since ``clear``, by state key, as they are now; None for one that is gone."""
        return {table.state_key(key): table.get(key) for table, key, _ in self._entries}

    def clear(self) -> None:
        """Begin anew."""
        self._entries.clear()


class Table(Generic[K, V]):
    """Records of one kind. ``state_key`` says where the chain stores a record, and so in which order it reads them."""

    def __init__(
        self,
        journal: Journal,
        state_key: Callable[[K], bytes],
        group_of: Callable[[K], Hashable] = lambda _: None,
    ) -> None:
        self._journal = journal
        self._group_of = group_of
        self._records: dict[K, V] = {}
        self._groups: dict[Hashable, dict[K, None]] = {}
        self.state_key = state_key

    def get(self, key: K) -> V | None:
        """The record, or None."""
        return self._records.get(key)

    def put(self, key: K, value: V) -> None:
        """Set a record."""
        self._journal.note(self, key, self._records.get(key))
        self._set(key, value)

    def drop(self, key: K) -> None:
        """Remove a record; one that is not there is fine."""
        if key in self._records:
            self._journal.note(self, key, self._records[key])
            self._remove(key)

    def of(self, group: Hashable = None) -> list[tuple[K, V]]:
        """The records of a group, in the order in which the chain reads them."""
        keys = sorted(self._groups.get(group, ()), key=self.state_key)
        return [(key, self._records[key]) for key in keys]

    def all(self) -> list[tuple[K, V]]:
        """All records of all groups, in that order."""
        return [(key, self._records[key]) for key in sorted(self._records, key=self.state_key)]

    def drop_all(self, group: Hashable) -> None:
        """Remove the records of a group."""
        for key, _ in self.of(group):
            self.drop(key)

    def restore(self, key: K, before: V | None) -> None:
        """Make a record what it was; for the journal."""
        if before is None:
            self._remove(key)
        else:
            self._set(key, before)

    def _set(self, key: K, value: V) -> None:
        if key not in self._records:
            self._groups.setdefault(self._group_of(key), {})[key] = None
        self._records[key] = value

    def _remove(self, key: K) -> None:
        if self._records.pop(key, None) is not None:
            group = self._group_of(key)
            del self._groups[group][key]
            if not self._groups[group]:
                del self._groups[group]
