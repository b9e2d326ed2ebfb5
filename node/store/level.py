"""Committed state in LevelDB, behind the application's Store protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import plyvel

from abci_app.state.store import Change
from node.store.errors import StoreUnavailable


class LevelStore:
    """A Store in a folder that only one process may have open.

    Raises: StoreUnavailable when the folder is in use, unreadable or damaged.
    """

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = plyvel.DB(str(folder), create_if_missing=True, write_buffer_size=8 << 20)
        except (plyvel.Error, OSError) as error:
            raise StoreUnavailable(folder, error) from error

    def get(self, key: bytes) -> bytes | None:
        """The value at a key, or None."""
        value: bytes | None = self._db.get(key)
        return value

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key."""
        yield from self._db.iterator(start=start, stop=end)

    def write(self, changes: Sequence[Change]) -> None:
        """Put (or, with None, delete) every key in one batch that is on disk before this returns."""
        with self._db.write_batch(transaction=True, sync=True) as batch:
            for key, value in changes:
                if value is None:
                    batch.delete(key)
                else:
                    batch.put(key, value)

    def close(self) -> None:
        """Let another process open the folder."""
        self._db.close()
