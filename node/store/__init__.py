"""The validator's disk store: LevelDB, or SQLite where Python has no LevelDB (ADR 12)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from abci_app.state.store import Store
from node.store.disk import DEFAULT_RESERVE_BYTES
from node.store.errors import DiskFull, DiskReadOnly, StoreDamaged, StoreUnavailable
from node.store.sqlite import SqliteStore

__all__ = [
    "DEFAULT_RESERVE_BYTES",
    "DiskFull",
    "DiskReadOnly",
    "DiskStore",
    "SqliteStore",
    "StoreDamaged",
    "StoreUnavailable",
    "open_store",
    "store_place",
]


class DiskStore(Store, Protocol):
    """A Store that one process holds open."""

    def close(self) -> None:
        """Let another process open it."""


def store_place(home: Path) -> Path:
    """Where the store of a validator's home is, or will be."""
    level, sqlite = home / "state", home / "state.sqlite"
    return sqlite if sqlite.exists() or (find_spec("plyvel") is None and not level.exists()) else level


def open_store(home: Path, reserve_bytes: int = DEFAULT_RESERVE_BYTES) -> DiskStore:
    """The store of a validator's home: the one that is there, else a new one.

    With less than `reserve_bytes` left on its disk nothing is written any more.

    Raises: StoreUnavailable (or one of its kinds: DiskFull, DiskReadOnly, StoreDamaged) when it can't be used, or was
    written with LevelDB and this Python has none.
    """
    place = store_place(home)
    if place.suffix:
        return SqliteStore(place, reserve_bytes)
    if find_spec("plyvel") is None:
        raise StoreUnavailable(place, "it was written with LevelDB, and plyvel is not there for this Python: use 3.12")
    from node.store.level import LevelStore

    return LevelStore(place, reserve_bytes)
