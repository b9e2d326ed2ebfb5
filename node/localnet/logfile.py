"""Log files of processes that do not rotate their own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 20 * 1024 * 1024
KEPT: Final = 3
TAIL_READ_BYTES: Final = 64 * 1024


def rotate(log: Path, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> bool:
    """Move the contents of a log that is too large to `<log>.1` and so on; returns whether it did.

    The file itself stays, because a process writes to it (in append mode): it is copied, then emptied. What is
    written between the two is lost, as with logrotate's copytruncate.
    """
    if not log.exists() or log.stat().st_size <= max_bytes:
        return False
    for number in range(kept, 1, -1):
        older = numbered(log, number - 1)
        if older.exists():
            older.replace(numbered(log, number))
    shutil.copyfile(log, numbered(log, 1))
    os.truncate(log, 0)
    return True


def numbered(log: Path, number: int) -> Path:
    """Where the contents of a log are kept after `number` rotations."""
    return log.with_name(f"{log.name}.{number}")


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log; none when there is no such file."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_READ_BYTES))
        return file.read().decode(errors="replace").splitlines()[-lines:]
