"""Committed state in SQLite, where Python has no LevelDB: the same bytes behind the same protocol (ADR 12)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from abci_app.state.store import Change
from node.store.errors import StoreUnavailable


class SqliteStore:
    """A Store in a file that only one process may have open.

    Raises: StoreUnavailable when the file is in use, unreadable or no such database.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(file, isolation_level=None, timeout=0.5)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            # Every transaction is on disk before it returns.
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS state (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
            )
        except sqlite3.Error as error:
            raise StoreUnavailable(file, error) from error

    def get(self, key: bytes) -> bytes | None:
        """The value at a key, or None."""
        row = self._db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key (SQLite compares blobs byte by byte)."""
        yield from self._db.execute(
            "SELECT key, value FROM state WHERE key >= ? AND key < ? ORDER BY key", (start, end)
        )

    def write(self, changes: Sequence[Change]) -> None:
        """Put (or, with None, delete) every key in one transaction that is on disk before this returns."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT OR REPLACE INTO state VALUES (?, ?)", [change for change in changes if change[1] is not None]
            )
            self._db.executemany("DELETE FROM state WHERE key = ?", [(key,) for key, value in changes if value is None])

    def close(self) -> None:
        """Let another process open the file."""
        self._db.close()
