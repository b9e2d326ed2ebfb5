"""A node's snapshots: taken at the heights that all nodes take them at, served to peers, and restored from them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from abci_app.app import App
from abci_app.state.tree import StateTree
from node.snapshots.folder import SnapshotFolder
from node.snapshots.layout import Layout, Offer, checked, subtree_roots
from node.snapshots.refusal import Fault, SnapshotRefused
from node.snapshots.restore import Restore, clean
from node.snapshots.taker import Taker
from node.snapshots.taking import Subject

# All nodes of a chain should have the same, or peers that join find each snapshot on fewer of them.
DEFAULT_INTERVAL_BLOCKS: Final = 1000
# While the last is being taken or has just appeared, nodes that join still fetch the one before.
DEFAULT_KEPT: Final = 2

log = logging.getLogger(__name__)

# Closes the application's store, calls what it is given, and opens the store that is there then and has this tree.
Replace = Callable[[Callable[[], None], StateTree], App]


class Snapshots:
    """What the ABCI methods of snapshots need; ``close`` it before the application's store."""

    def __init__(self, home: Path, interval_blocks: int = DEFAULT_INTERVAL_BLOCKS, kept: int = DEFAULT_KEPT) -> None:
        """``interval_blocks``: a snapshot at every height that it divides; 0 for none."""
        self._home = home
        self._interval_blocks = interval_blocks
        self._folder = SnapshotFolder(home, kept)
        self._folder.open()
        clean(home)
        self._taker = Taker(self._folder)
        self._restore: Restore | None = None

    @property
    def offers(self) -> list[Offer]:
        """What peers may fetch, oldest first."""
        return self._folder.offers

    @property
    def oldest_height(self) -> int | None:
        """The height after which blocks are needed by nodes that join."""
        offers = self._folder.offers
        return offers[0].height if offers else None

    def chunk(self, height: int, format_: int, index: int) -> bytes:
        """A chunk of one of ``offers``; b"" when it is not there."""
        return self._folder.chunk(height, format_, index)

    def committed(self, app: App) -> None:
        """Begin to take a snapshot when the block just committed is of such a height."""
        last = app.last_block
        if not self._interval_blocks or last.height % self._interval_blocks:
            return
        if self._taker.busy:
            log.warning("no snapshot of height %d: the one before is still being taken", last.height)
            return
        if any(offer.height == last.height for offer in self.offers):
            return
        tree = app.tree
        roots = tuple((name, subtree_roots(tree, name)) for name, _ in tree.roots())
        self._taker.begin(Subject(last.height, last.time_s, roots, app.view()))

    def wait(self) -> None:
        """Wait until no snapshot is being taken."""
        self._taker.wait()

    def offer(self, offer: Offer, app_hash: bytes) -> Layout:
        """Prepare to restore a snapshot of the state with this trusted app hash; one begun before is given up.

        Raises: SnapshotRefused.
        """
        layout = checked(offer, app_hash)
        self._give_up()
        self._restore = Restore(self._home, layout)
        return layout

    def apply(self, index: int, chunk: bytes) -> bool:
        """Add a verified chunk to what is being restored; returns whether that was the last.

        Raises: SnapshotRefused, and the chunk has left no trace.
        """
        if self._restore is None:
            raise SnapshotRefused(Fault.NOT_OFFERED, f"chunk {index}: no snapshot was offered before")
        self._restore.apply(index, chunk)
        log.info("restoring: %d of %d chunks", *self._restore.progress)
        return self._restore.complete

    def finish(self, replace: Replace) -> App:
        """The application over the restored state.

        Raises: SnapshotRefused, and the node's state is as it was.
        """
        restore = self._restore
        if restore is None or not restore.complete:
            raise SnapshotRefused(Fault.NOT_OFFERED, "no snapshot is restored completely")
        try:
            restore.seal()
        except SnapshotRefused:
            self._give_up()
            raise
        self._taker.stop()
        self._restore = None
        return replace(restore.swap, restore.tree)

    def close(self) -> None:
        """Give up what is being taken or restored."""
        self._taker.stop()
        self._give_up()

    def _give_up(self) -> None:
        if self._restore is not None:
            self._restore.close()
            self._restore = None
