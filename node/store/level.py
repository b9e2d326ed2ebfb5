"""Committed state in LevelDB, behind the application's Store protocol."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import plyvel

from abci_app.state.store import Change
from node.failpoint import reached
from node.store.disk import DEFAULT_RESERVE_BYTES, Disk
from node.store.errors import DiskFull, DiskReadOnly, StoreDamaged, StoreUnavailable

log = logging.getLogger(__name__)


class LevelStore:
    """A Store in a folder that only one process may have open.

    Raises: DiskFull and DiskReadOnly when the disk takes no writes, StoreDamaged when a checksum or a file is wrong,
    StoreUnavailable when the folder is in use or unreadable; all but the last also from its methods.
    """

    def __init__(self, folder: Path, reserve_bytes: int = DEFAULT_RESERVE_BYTES) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._disk = Disk(folder, reserve_bytes)
        self._disk.require_writable()
        self._disk.require_room()
        if not (folder / "CURRENT").exists() and (any(folder.glob("*.log")) or any(folder.glob("*.ldb"))):
            # LevelDB would take it for a new store and remove the files that it does not know.
            raise StoreDamaged(folder, "its file CURRENT is missing")
        try:
            self._db = _opened(folder)
        except (plyvel.Error, OSError) as error:
            if _is_open_elsewhere(folder):
                raise StoreUnavailable(folder, error) from error
            raise self._explained(error) from error

    def get(self, key: bytes) -> bytes | None:
        """The value at a key, or None."""
        try:
            value: bytes | None = self._db.get(key, verify_checksums=True)
        except plyvel.Error as error:
            raise self._explained(error) from error
        return value

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key."""
        try:
            yield from self._db.iterator(start=start, stop=end, verify_checksums=True)
        except plyvel.Error as error:
            raise self._explained(error) from error

    def write(self, changes: Sequence[Change]) -> None:
        """Put (or, with None, delete) every key in one batch that is on disk before this returns."""
        reached("store.write.before")
        self._disk.require_room()
        batch = self._db.write_batch(sync=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        reached("store.write.filled")
        try:
            batch.write()
        except (plyvel.Error, OSError) as error:
            raise self._explained(error) from error
        reached("store.write.synced")

    def view(self) -> LevelView:
        """The store as it is now."""
        return LevelView(self._db.snapshot(), self._explained)

    def close(self) -> None:
        """Let another process open the folder."""
        self._db.close()

    def _explained(self, error: Exception) -> StoreUnavailable:
        found = self._disk.explain(error)
        # LevelDB reports a table that is missing or cut off as an input/output error too.
        return found if isinstance(found, DiskFull | DiskReadOnly) else StoreDamaged(self._folder, error)


class LevelView:
    """A StoreView on a snapshot of LevelDB's."""

    def __init__(self, snapshot: Any, explained: Callable[[Exception], StoreUnavailable]) -> None:
        self._snapshot = snapshot
        self._explained = explained

    def iterate(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``start <= key < end`` in ascending order of key. Raises: what the store's does."""
        try:
            # What is read once needs no place in the cache.
            yield from self._snapshot.iterator(start=start, stop=end, verify_checksums=True, fill_cache=False)
        except plyvel.Error as error:
            raise self._explained(error) from error

    def close(self) -> None:
        """Let LevelDB drop what is only seen here."""
        self._snapshot.close()


def _opened(folder: Path) -> Any:
    # Everything is verified: also what tells in which block a key is, and whether it is there at all; and what is
    # merged, which would else be written anew as it is, with checksums that hold.
    try:
        return _opened_once(folder, paranoid=True)
    except plyvel.CorruptionError as error:
        log.info("%s: %s; trying without the end of its journal", folder, error)
    # What a power cut left at the journal's end is forgiven once; the journal is then written anew.
    _opened_once(folder, paranoid=False).close()
    return _opened_once(folder, paranoid=True)


def _opened_once(folder: Path, *, paranoid: bool) -> Any:
    return plyvel.DB(
        str(folder),
        create_if_missing=True,
        paranoid_checks=paranoid,
        write_buffer_size=8 << 20,
        # A block reads many keys that are not there (new ones), and old ones all over a large state.
        bloom_filter_bits=10,
        lru_cache_size=32 << 20,
    )


def _is_open_elsewhere(folder: Path) -> bool:
    """Whether another process holds LevelDB's lock."""
    try:
        with (folder / "LOCK").open("r+") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
