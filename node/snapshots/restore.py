"""Restores a snapshot from chunks, each verified before it is kept, in a store of its own.

Nothing of the node's state is touched until all chunks are there; then the stores are swapped by renaming.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from abci_app.app import LAST_BLOCK_KEY
from abci_app.state.overlay import Committed
from abci_app.state.singles import PARAMETERS
from abci_app.state.tree import StateTree, TreeView
from node.snapshots.folder import sync_folder
from node.snapshots.layout import BUCKETS_PER_SUBTREE, MAX_CHUNK_BYTES, SUBTREE_LEVEL, Layout, Part
from node.snapshots.refusal import Fault, SnapshotRefused
from node.store import open_store, store_place
from wire.chain import BlockInfo
from wire.codec import CodecError, decode, encode
from wire.proof import bucket_of
from wire.snapshot import SnapshotChunk, SnapshotItem

_STAGE: Final = "restoring"


class Restore:
    """A snapshot on its way into the store of a home: ``close`` it, or once ``complete`` ``seal`` and ``swap`` it.

    Raises: StoreUnavailable (node.store), also from its methods.
    """

    def __init__(self, home: Path, layout: Layout) -> None:
        self._home = home
        self._layout = layout
        self._stage = home / _STAGE
        clean(home)
        self._store = open_store(self._stage)
        self.tree = StateTree()
        self._applied: set[int] = set()

    @property
    def complete(self) -> bool:
        """Whether every chunk is there."""
        done, total = self.progress
        return done == total

    @property
    def progress(self) -> tuple[int, int]:
        """How many chunks are there, and how many there will be."""
        return len(self._applied), len(self._layout.parts)

    def apply(self, index: int, chunk: bytes) -> None:
        """Verify a chunk and keep it; one that is there already may come again.

        Raises: SnapshotRefused, and the chunk has left no trace.
        """
        if not 0 <= index < len(self._layout.parts):
            message = f"index = {index}: the snapshot has {len(self._layout.parts)} chunks"
            raise SnapshotRefused(Fault.UNKNOWN_CHUNK, message)
        part = self._layout.parts[index]
        prefix = part.store + b"/"
        changes = [(prefix + item.key, item.value) for item in _items(chunk, part)]
        if index in self._applied:
            return
        # Without any item there would be no such store in the tree to compare.
        past = self.tree.update(changes or [(prefix, None)])
        view = TreeView(self.tree)
        for number, root in zip(range(part.first, part.end), part.roots, strict=True):
            if view.node(part.store, SUBTREE_LEVEL, number) != root:
                self.tree.revert(past)
                message = f"chunk {index}: subtree {number} of store {part.store.decode()} is not the snapshot's"
                raise SnapshotRefused(Fault.CHUNK_MISMATCH, message)
        self._store.write(changes)
        self._applied.add(index)

    def seal(self) -> None:
        """Complete the restored store with what stands outside the tree.

        Raises: SnapshotRefused when the state is none of a chain.
        """
        parameters = PARAMETERS.get(Committed(self._store), b"")
        if parameters is None:
            raise SnapshotRefused(Fault.NO_PARAMETERS, "the state has no parameters of a chain")
        last = BlockInfo(self._layout.height, self._layout.time_s, parameters.chain_id, self._layout.app_hash)
        self._store.write([(LAST_BLOCK_KEY, encode(last))])

    def swap(self) -> None:
        """Put the sealed store in the place of the home's, which must be closed."""
        self._store.close()
        staged = store_place(self._stage)
        sync_folder(self._stage)
        _remove(store_place(self._home))
        staged.rename(self._home / staged.name)
        sync_folder(self._home)
        clean(self._home)

    def close(self) -> None:
        """Give up; the home is as it was."""
        self._store.close()
        clean(self._home)


def clean(home: Path) -> None:
    """Remove what a restore that did not finish has left in a home."""
    stage = home / _STAGE
    if stage.exists():
        shutil.rmtree(stage)


def _items(chunk: bytes, part: Part) -> tuple[SnapshotItem, ...]:
    """A chunk's items, all of its part and in order. Raises: SnapshotRefused."""
    if len(chunk) > MAX_CHUNK_BYTES:
        message = f"{len(chunk)} bytes, where a chunk has {MAX_CHUNK_BYTES} at most"
        raise SnapshotRefused(Fault.CHUNK_TOO_LARGE, message)
    try:
        items = decode(SnapshotChunk, chunk).items
    except CodecError as error:
        raise SnapshotRefused(Fault.CHUNK_MALFORMED, str(error)) from error
    first, end = part.first * BUCKETS_PER_SUBTREE, part.end * BUCKETS_PER_SUBTREE
    before = (-1, b"")
    for item in items:
        place = (bucket_of(item.key), item.key)
        if not first <= place[0] < end:
            message = f"key {item.key.hex()} is in bucket {place[0]}, and the chunk has buckets {first} to {end - 1}"
            raise SnapshotRefused(Fault.ITEM_OUT_OF_PLACE, message)
        if place <= before:
            message = f"key {item.key.hex()} comes after key {before[1].hex()}"
            raise SnapshotRefused(Fault.ITEM_OUT_OF_ORDER, message)
        before = place
    return items


def _remove(place: Path) -> None:
    """Remove a store, which is a folder, or a file with others beside it."""
    if place.is_dir():
        shutil.rmtree(place)
    for file in place.parent.glob(f"{place.name}*"):
        if file.is_file():
            file.unlink()
