"""Writes a snapshot of one version of the state, in order of (store, bucket, key), in little memory.

The store iterates by key, so its items are first spread over a file for each subtree, then each subtree is sorted and
joined to chunks. What a subtree must hash to is known from the tree, so nothing is hashed here but keys; whoever
restores verifies every item.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from abci_app.state.store import StoreView
from node.snapshots.folder import METADATA, write_synced
from node.snapshots.layout import MAX_CHUNK_BYTES, SUBTREES
from wire.codec import encode
from wire.proof import bucket_of
from wire.snapshot import SnapshotChunk, SnapshotItem, SnapshotMetadata, SnapshotStore

# Large enough for few files, small enough to be sent again without regret.
TARGET_CHUNK_BYTES: Final = 1_000_000
_SPILL_BYTES: Final = 64 * 1024
_SIZES: Final = struct.Struct("<II")
# Between two pauses: a millisecond or two, so that the application hardly waits for Python's lock.
_ITEMS_A_STEP: Final = 500

Pause = Callable[[], None]


class Subject(NamedTuple):
    """What a snapshot is taken of: the state after the block at ``height``.

    ``roots``: for each store that has items, in order of name, the roots of its subtrees.
    """

    height: int
    time_s: int
    roots: tuple[tuple[bytes, bytes], ...]
    view: StoreView


def write_snapshot(subject: Subject, draft: Path, pause: Pause) -> None:
    """Write chunks and metadata to an empty folder. ``pause`` is called every few milliseconds and may raise.

    Raises: OSError; ValueError when a subtree is too large for a chunk.
    """
    stores: list[SnapshotStore] = []
    written = 0
    for name, roots in subject.roots:
        spill = _Spill(draft / "spill")
        for count, (key, value) in enumerate(_items(subject.view, name)):
            if count % _ITEMS_A_STEP == 0:
                pause()
            spill.add(key, value)
        ends: list[int] = []
        for end, chunk in _chunks(spill, pause):
            write_synced(draft / str(written), chunk)
            written += 1
            ends.append(end)
        spill.remove()
        stores.append(SnapshotStore(name, roots, tuple(ends)))
    write_synced(draft / METADATA, encode(SnapshotMetadata(subject.time_s, tuple(stores))))


def _items(view: StoreView, store: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The items of a store by their keys within it."""
    start = store + b"/"
    for key, value in view.iterate(start, store + b"0"):
        yield key[len(start) :], value


def _chunks(spill: _Spill, pause: Pause) -> Iterator[tuple[int, bytes]]:
    """Chunks, each with the number of the first subtree that is not in it any more.

    A subtree goes to the chunk before it unless that would grow beyond the target; that depends on the items alone.
    """
    parts: list[bytes] = []
    size = 0
    for subtree in range(SUBTREES):
        part = spill.encoded(subtree, pause)
        if len(part) > MAX_CHUNK_BYTES:
            raise ValueError(f"a 256th of a store has {len(part)} bytes: snapshots of format 1 hold {MAX_CHUNK_BYTES}")
        if size and size + len(part) > TARGET_CHUNK_BYTES:
            yield subtree, b"".join(parts)
            parts, size = [], 0
        parts.append(part)
        size += len(part)
    yield SUBTREES, b"".join(parts)


class _Spill:
    """Items by subtree: a little of each in memory, the rest in a file for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._buffers = [bytearray() for _ in range(SUBTREES)]
        folder.mkdir()

    def add(self, key: bytes, value: bytes) -> None:
        """Put an item to its subtree."""
        number = hashlib.sha256(key).digest()[0]
        buffer = self._buffers[number]
        buffer += _SIZES.pack(len(key), len(value)) + key + value
        if len(buffer) > _SPILL_BYTES:
            with (self._folder / str(number)).open("ab") as out:
                out.write(buffer)
            buffer.clear()

    def encoded(self, number: int, pause: Pause) -> bytes:
        """The items of a subtree by bucket and key, as a part of a SnapshotChunk; they are forgotten here."""
        file = self._folder / str(number)
        packed = (file.read_bytes() if file.exists() else b"") + bytes(self._buffers[number])
        self._buffers[number].clear()
        items: list[tuple[int, SnapshotItem]] = []
        at = 0
        while at < len(packed):
            key_size, value_size = _SIZES.unpack_from(packed, at)
            start = at + _SIZES.size
            at = start + key_size + value_size
            key = packed[start : start + key_size]
            items.append((bucket_of(key), SnapshotItem(key, packed[start + key_size : at])))
            if len(items) % _ITEMS_A_STEP == 0:
                pause()
        items.sort()
        parts: list[bytes] = []
        for first in range(0, len(items), _ITEMS_A_STEP):
            pause()
            step = items[first : first + _ITEMS_A_STEP]
            # Encodings of a repeated field, one after the other, are the encoding of the whole.
            parts.append(encode(SnapshotChunk(tuple(item for _, item in step))))
        return b"".join(parts)

    def remove(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder)
