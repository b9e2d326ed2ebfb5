"""The state of a home while its application runs: the store, and the state machine over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from abci_app.app import DEFAULT_VERSIONS, App
from abci_app.migrations import THIS_SOFTWARE, Software
from abci_app.state.store import StoreCorrupted
from abci_app.state.tree import StateTree
from abci_app.upgrade import WrongSoftware
from node.store import DEFAULT_RESERVE_BYTES, DiskStore, StoreDamaged, open_store, store_place


class StateHome:
    """Holds a home's store open until ``close``.

    Raises: StoreUnavailable or one of its kinds; StoreDamaged when the content is not what was committed;
    WrongSoftware when the next block is not for ``software`` to execute.
    """

    def __init__(
        self,
        home: Path,
        reserve_bytes: int = DEFAULT_RESERVE_BYTES,
        versions: int = DEFAULT_VERSIONS,
        software: Software = THIS_SOFTWARE,
    ) -> None:
        self._home = home
        self._reserve_bytes = reserve_bytes
        self._versions = versions
        self._software = software
        self._store, self.app = self._open()

    def replace(self, swap: Callable[[], None], tree: StateTree | None = None) -> App:
        """Close the store, have another put in its place, and open that. Raises: what opening raises.

        ``tree`` is the tree of the other, if it is known.
        """
        self._store.close()
        swap()
        self._store, self.app = self._open(tree)
        return self.app

    def close(self) -> None:
        """Let another process open the store."""
        self._store.close()

    def _open(self, tree: StateTree | None = None) -> tuple[DiskStore, App]:
        store = open_store(self._home, self._reserve_bytes)
        try:
            return store, App(store, self._versions, self._software, tree)
        except StoreCorrupted as error:
            store.close()
            raise StoreDamaged(store_place(self._home), error) from error
        except WrongSoftware:
            store.close()
            raise
