"""A file that says where a service listens, there only while it does: for those that start it on port 0."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    os.replace(fresh, path)


class AddressFile:
    """Writes ``host:port`` on entry and removes the file on exit; does nothing without a path."""

    def __init__(self, path: Path | None, address: str) -> None:
        self._path = path
        self._address = address

    def __enter__(self) -> None:
        if self._path is not None:
            write_atomically(self._path, f"{self._address}\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
