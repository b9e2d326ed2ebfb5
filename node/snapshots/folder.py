"""The snapshots of a home on its disk: ``HOME/snapshots/<height>-<format>/`` with the metadata and numbered chunks.

A snapshot is written to a hidden folder and renamed when everything in it is on the disk, so a folder with its right
name is whole. What a crash left unfinished is removed at the next start.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from pathlib import Path
from typing import Final

from node.snapshots.layout import FORMAT, Offer
from wire.codec import CodecError, decode
from wire.snapshot import SnapshotMetadata

METADATA: Final = "metadata"
_NAME: Final = re.compile(r"([1-9][0-9]*)-([0-9]+)")

log = logging.getLogger(__name__)


class SnapshotFolder:
    """The snapshots of one home; the newest ``kept`` stay."""

    def __init__(self, home: Path, kept: int) -> None:
        self.path = home / "snapshots"
        self._kept = kept
        self._offers: dict[int, Offer] = {}

    def open(self) -> None:
        """Read what is there, and remove what is no whole snapshot."""
        self.path.mkdir(parents=True, exist_ok=True)
        for entry in self.path.iterdir():
            offer = _read(entry)
            if offer is None:
                log.info("removing %s, which is no whole snapshot", entry)
                _remove(entry)
            else:
                self._offers[offer.height] = offer

    def read(self) -> list[Offer]:
        """What is there, oldest first, while another process may own the folder."""
        found = [_read(entry) for entry in self.path.iterdir()] if self.path.is_dir() else []
        return sorted((offer for offer in found if offer is not None), key=lambda offer: offer.height)

    @property
    def offers(self) -> list[Offer]:
        """The whole snapshots, oldest first."""
        return [self._offers[height] for height in sorted(self._offers)]

    def chunk(self, height: int, format_: int, index: int) -> bytes:
        """A chunk's bytes; b"" when there is no such snapshot or chunk (any more)."""
        offer = self._offers.get(height)
        if offer is None or format_ != offer.format or not 0 <= index < offer.chunks:
            return b""
        try:
            return (self._place(height) / str(index)).read_bytes()
        except FileNotFoundError:
            return b""

    def draft(self, height: int) -> Path:
        """A fresh folder to write the snapshot of a height to."""
        draft = self.path / f".{height}-{FORMAT}"
        _remove(draft)
        draft.mkdir(parents=True)
        return draft

    def publish(self, height: int, draft: Path) -> Offer:
        """Give a finished draft its name, and remove the oldest snapshots."""
        sync_folder(draft)
        draft.rename(self._place(height))
        sync_folder(self.path)
        offer = _read(self._place(height))
        if offer is None:
            raise FileNotFoundError(f"{self._place(height)} is gone: somebody else removed it")
        # In one step, for it is read by another thread.
        self._offers = self._offers | {height: offer}
        for old in sorted(self._offers)[: -self._kept]:
            self._offers = {other: kept for other, kept in self._offers.items() if other != old}
            _remove(self._place(old))
        return offer

    def discard(self, draft: Path) -> None:
        """Remove a draft that is not to be finished."""
        _remove(draft)

    def _place(self, height: int) -> Path:
        return self.path / f"{height}-{FORMAT}"


def write_synced(file: Path, content: bytes) -> None:
    """Write a new file whose content is on the disk when this returns."""
    with file.open("xb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(place: Path) -> Offer | None:
    """The snapshot in a folder, or None if it is not a whole one of a format that this program serves."""
    name = _NAME.fullmatch(place.name)
    if name is None or int(name[2]) != FORMAT or not (place / METADATA).is_file():
        return None
    content = (place / METADATA).read_bytes()
    try:
        metadata = decode(SnapshotMetadata, content)
    except CodecError:
        # A damaged disk: as good as not there.
        return None
    chunks = sum(len(store.chunk_ends) for store in metadata.stores)
    if not all((place / str(index)).is_file() for index in range(chunks)):
        return None
    return Offer(int(name[1]), FORMAT, chunks, hashlib.sha256(content).digest(), content)


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
