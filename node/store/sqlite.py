"""Committed state in SQLite, where Python has no LevelDB: the same bytes behind the same protocol (ADR 12)."""

from __future__ import annotations

import fcntl
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from abci_app.state.store import Change
from node.failpoint import reached
from node.store.disk import DEFAULT_RESERVE_BYTES, Disk
from node.store.errors import StoreDamaged, StoreUnavailable

# The low byte of an extended code is the primary one.
_PRIMARY_CODE: Final = 0xFF
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class SqliteStore:
    """A Store in a file that only one process may have open.

    Raises: DiskFull and DiskReadOnly when the disk takes no writes, StoreDamaged when the file is no whole database,
    StoreUnavailable when it is in use or unreadable; all but the last also from its methods.
    """

    def __init__(self, file: Path, reserve_bytes: int = DEFAULT_RESERVE_BYTES) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._disk = Disk(file, reserve_bytes)
        self._disk.require_writable()
        self._disk.require_room()
        # SQLite's own exclusive lock would keep this very process's views out as well.
        self._lock = file.with_name(f"{file.name}.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise StoreUnavailable(file, error) from error
        try:
            self._db = sqlite3.connect(file, isolation_level=None, timeout=0.5)
            self._db.execute("PRAGMA journal_mode = WAL")
            # Every transaction is on disk before it returns.
            self._db.execute("PRAGMA synchronous = FULL")
            # SQLite would not notice a changed byte in a value; LevelDB has checksums of its own.
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS entries "
                "(key BLOB PRIMARY KEY, value BLOB NOT NULL, crc32 INTEGER NOT NULL) WITHOUT ROWID"
            )
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def get(self, key: bytes) -> bytes | None:
        """The value at a key, or None."""
        try:
            row = self._db.execute("SELECT value, crc32 FROM entries WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._explained(error) from error
        return None if row is None else self._checked(key, *row)

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key (SQLite compares blobs byte by byte)."""
        return self._iterate(self._db, start, end)

    def _iterate(self, db: sqlite3.Connection, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        try:
            for key, value, crc in db.execute(
                "SELECT key, value, crc32 FROM entries WHERE key >= ? AND key < ? ORDER BY key", (start, end)
            ):
                yield key, self._checked(key, value, crc)
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def write(self, changes: Sequence[Change]) -> None:
        """Put (or, with None, delete) every key in one transaction that is on disk before this returns."""
        reached("store.write.before")
        self._disk.require_room()
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(
                    "INSERT OR REPLACE INTO entries VALUES (?, ?, ?)",
                    [(key, value, _crc32(key, value)) for key, value in changes if value is not None],
                )
                self._db.executemany(
                    "DELETE FROM entries WHERE key = ?", [(key,) for key, value in changes if value is None]
                )
                reached("store.write.filled")
        except sqlite3.Error as error:
            raise self._explained(error) from error
        reached("store.write.synced")

    def view(self) -> SqliteView:
        """The store as it is now."""
        # Another thread reads it, one at a time (StoreView).
        db = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        try:
            db.execute("BEGIN")
            # A transaction sees what there is when it reads first.
            db.execute("SELECT 1 FROM entries LIMIT 1").fetchone()
        except sqlite3.Error as error:
            db.close()
            raise self._explained(error) from error
        return SqliteView(db, self._iterate)

    def close(self) -> None:
        """Let another process open the file."""
        self._db.close()
        self._lock.close()

    def _checked(self, key: object, value: object, crc: int) -> bytes:
        # A changed byte can also change a column's type.
        if not isinstance(key, bytes) or not isinstance(value, bytes) or _crc32(key, value) != crc:
            raise StoreDamaged(self._file, f"the value at key {key!r} has a wrong checksum")
        return value

    def _explained(self, error: sqlite3.Error) -> StoreUnavailable:
        # Errors of Python's own module, in place of SQLite's, have no code.
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED:
            return StoreDamaged(self._file, error)
        return self._disk.explain(error)


class SqliteView:
    """A StoreView on a transaction that only reads."""

    def __init__(
        self,
        db: sqlite3.Connection,
        iterate: Callable[[sqlite3.Connection, bytes, bytes], Iterator[tuple[bytes, bytes]]],
    ) -> None:
        self._db = db
        self._iterate = iterate

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key. Raises: what the store's does."""
        return self._iterate(self._db, start, end)

    def close(self) -> None:
        """Let SQLite drop what is only seen here."""
        self._db.close()


def _crc32(key: bytes, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key))
