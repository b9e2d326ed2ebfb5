"""How much of the disk a node takes, part by part."""

from __future__ import annotations

import os
from pathlib import Path


def disk_use(home: Path) -> dict[str, int]:
    """Bytes on the disk (allocated blocks, as `du` counts) by part of a node's home, largest first.

    Parts are the entries of the home, and those of its `data/`.
    """
    parts: dict[str, int] = {}
    for folder in (home, home / "data"):
        for entry in folder.iterdir():
            if entry != home / "data":
                parts[entry.relative_to(home).as_posix()] = _allocated(entry)
    return dict(sorted(parts.items(), key=lambda part: (-part[1], part[0])))


def _allocated(place: Path) -> int:
    """Bytes of a file, or of all files below a folder; those that go meanwhile take none."""
    if not place.is_dir():
        return _blocks(place)
    return sum(_blocks(Path(folder) / name) for folder, _, names in os.walk(place) for name in names)


def _blocks(file: Path) -> int:
    try:
        return file.lstat().st_blocks * 512
    except FileNotFoundError:
        # LevelDB removes tables whenever it has merged them.
        return 0
