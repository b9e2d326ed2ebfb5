"""Reading CometBFT's LevelDB folders without touching them.

goleveldb, which CometBFT writes with, and LevelDB share one format. Opening a folder rewrites its journal and manifest,
so that a copy is opened: tables never change once written and are linked, only the small rest is copied.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from node.history.errors import HistoryError

_TABLES = (".ldb", ".sst")
# A node that was killed may still be on its way out.
_ENDING_SECONDS = 2.0
_LOOK_SECONDS = 0.02


class LevelCopy:
    """A LevelDB folder of a stopped process, open for reading; use it as a context manager.

    Raises: HistoryError when it is missing, in use or damaged, or this Python has no LevelDB.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not (folder / "CURRENT").is_file():
            raise HistoryError(f"{folder} is no LevelDB folder: give the home of a node that has run")
        if find_spec("plyvel") is None:
            raise HistoryError(f"{folder} is in LevelDB, and plyvel is not there for this Python: use 3.12, or --rpc")
        _require_stopped(folder)
        # Beside the original, so that tables can be linked whatever their size.
        self._copy = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=_writable_beside(folder)))
        try:
            for file in folder.iterdir():
                if file.suffix in _TABLES:
                    _link(file, self._copy / file.name)
                elif file.name not in ("LOCK", "LOG", "LOG.old"):
                    shutil.copy2(file, self._copy / file.name)
            self._db = self._open()
        except BaseException:
            shutil.rmtree(self._copy)
            raise

    def _open(self) -> Any:
        import plyvel

        try:
            return plyvel.DB(str(self._copy), create_if_missing=False)
        except (plyvel.Error, OSError) as error:
            raise HistoryError(f"{self._folder} can't be read: {error}; the disk may be damaged") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        shutil.rmtree(self._copy)

    def get(self, key: bytes) -> bytes | None:
        """The value at a key, or None."""
        value: bytes | None = self._db.get(key)
        return value


def _require_stopped(folder: Path) -> None:
    """goleveldb holds the LOCK file with flock. Raises: HistoryError when a process keeps the folder open."""
    lock = folder / "LOCK"
    if not lock.exists():
        return
    deadline = time.monotonic() + _ENDING_SECONDS
    with lock.open("rb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise HistoryError(f"{folder} is in use: stop the node first, or ask it with --rpc") from None
                time.sleep(_LOOK_SECONDS)
            else:
                return


def _writable_beside(folder: Path) -> Path | None:
    """The folder's parent, or None (the system's place for temporary files) when nothing may be written there."""
    return folder.parent if os.access(folder.parent, os.W_OK) else None


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:
        shutil.copy2(file, target)  # another file system
