"""Joining by state sync: a snapshot of one instance becomes the disk of another."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from random import Random

from abci_app.app import App
from node.snapshots.folder import METADATA
from node.snapshots.layout import FORMAT, Offer, checked, subtree_roots
from node.snapshots.restore import Restore
from node.snapshots.taking import Subject, write_snapshot
from node.store import open_store
from tests.simulator.disk import Disk


def snapshot_of(app: App) -> tuple[Offer, list[bytes]]:
    """What a node offers of its last block, and the chunks; the same on every node."""
    last = app.last_block
    roots = tuple((name, subtree_roots(app.tree, name)) for name, _ in app.tree.roots())
    with tempfile.TemporaryDirectory(prefix="vdg-sim-") as folder:
        draft = Path(folder)
        write_snapshot(Subject(last.height, last.time_s, roots, app.view()), draft, lambda: None)
        metadata = (draft / METADATA).read_bytes()
        count = sum(1 for file in draft.iterdir() if file.name.isdigit())
        chunks = [(draft / str(number)).read_bytes() for number in range(count)]
    return Offer(last.height, FORMAT, len(chunks), hashlib.sha256(metadata).digest(), metadata), chunks


def restored(offer: Offer, chunks: list[bytes], app_hash: bytes, random: Random) -> Disk:
    """A disk with the state of a snapshot, whose chunks come in any order. Raises: SnapshotRefused."""
    with tempfile.TemporaryDirectory(prefix="vdg-sim-") as folder:
        home = Path(folder)
        restore = Restore(home, checked(offer, app_hash))
        for number in random.sample(range(len(chunks)), len(chunks)):
            restore.apply(number, chunks[number])
        restore.seal()
        restore.swap()
        store, disk = open_store(home), Disk()
        disk.write(list(store.iterate(b"", b"\xff" * 8)))
        store.close()
    return disk
