"""The validator's disk store: LevelDB, or SQLite where Python has no LevelDB (ADR 12)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from abci_app.state.store import Store
from node.store.errors import StoreUnavailable
from node.store.sqlite import SqliteStore

__all__ = ["DiskStore", "SqliteStore", "StoreUnavailable", "open_store"]


class DiskStore(Store, Protocol):
    """A Store that one process holds open."""

    def close(self) -> None:
        """Let another process open it."""


def open_store(home: Path) -> DiskStore:
    """The store of a validator's home: the one that is there, else a new one.

    Raises: StoreUnavailable when it can't be used, or was written with LevelDB and this Python has none.
    """
    level, sqlite = home / "state", home / "state.sqlite"
    if sqlite.exists() or (find_spec("plyvel") is None and not level.exists()):
        return SqliteStore(sqlite)
    if find_spec("plyvel") is None:
        raise StoreUnavailable(level, "it was written with LevelDB, and plyvel is not there for this Python: use 3.12")
    from node.store.level import LevelStore

    return LevelStore(level)
