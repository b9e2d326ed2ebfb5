"""Snapshots that a stranger offers: nothing but the state of the trusted app hash is ever taken."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from abci_app.state.tree import StateTree, TreeView
from node.snapshots.layout import FORMAT, Layout, Offer, checked, subtree_roots
from node.snapshots.refusal import SnapshotRefused
from node.snapshots.restore import Restore
from tests.fuzz.finding import hold
from wire.codec import encode
from wire.snapshot import SnapshotChunk, SnapshotItem, SnapshotMetadata, SnapshotStore

_ENTRIES = tuple((f"ledger/b{number:03}".encode(), b"\x08\x01" * (number + 1)) for number in range(12))
_HALF, _SUBTREES = 128, 256


def _genuine() -> tuple[Offer, bytes, tuple[bytes, ...]]:
    """A small state in two chunks, and its app hash."""
    tree = StateTree(_ENTRIES)
    view = TreeView(tree)
    store = SnapshotStore(b"ledger", subtree_roots(view, b"ledger"), (_HALF, _SUBTREES))
    metadata = encode(SnapshotMetadata(7, (store,)))
    items = sorted((hashlib.sha256(key[7:]).digest(), key[7:], value) for key, value in _ENTRIES)
    chunks = []
    for low, high in ((0, _HALF), (_HALF, _SUBTREES)):
        own = [SnapshotItem(key, value) for place, key, value in items if low <= place[0] < high]
        chunks.append(encode(SnapshotChunk(tuple(own))))
    return Offer(5, FORMAT, 2, hashlib.sha256(metadata).digest(), metadata), view.root, tuple(chunks)


OFFER, APP_HASH, CHUNKS = _genuine()


def fuzz_snapshots(data: bytes) -> None:
    """The bytes as metadata, and as either chunk of a snapshot whose metadata are good."""
    forged = Offer(5, FORMAT, 2, hashlib.sha256(data).digest(), data)
    try:
        layout = checked(forged, APP_HASH)
    except SnapshotRefused:
        layout = None
    hold(layout is None or [part.roots for part in layout.parts] == _roots(), "metadata lead to the app hash", data)
    for index in (0, 1):
        _apply(index, data)


# A refused chunk changes nothing, so that one restore serves all inputs until a genuine chunk comes.
_FOLDER = tempfile.TemporaryDirectory(prefix="vdg-fuzz-")
_restores: list[Restore] = []


def _restore() -> Restore:
    if not _restores:
        _restores.append(Restore(Path(_FOLDER.name), checked(OFFER, APP_HASH)))
    return _restores[0]


def _roots() -> list[tuple[bytes, ...]]:
    layout: Layout = checked(OFFER, APP_HASH)
    return [part.roots for part in layout.parts]


def _apply(index: int, data: bytes) -> None:
    try:
        _restore().apply(index, data)
    except SnapshotRefused:
        return
    _restores.pop().close()
    hold(data == CHUNKS[index], "no chunk but the genuine one is taken", data)
