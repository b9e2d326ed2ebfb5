"""Stops a node's processes for a moment, so that its files are those of one instant."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from node.backup.errors import BackupError

_LOCKS: Final = Path("/proc/locks")
_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.001


def holders(home: Path) -> list[int]:
    """The processes that hold a lock on a store of the home: its application and its CometBFT.

    Raises: BackupError where the kernel does not tell.
    """
    locks = [path for path in _lock_files(home) if path.exists()]
    inodes = {path.stat().st_ino for path in locks}
    try:
        lines = _LOCKS.read_text().splitlines()
    except OSError as error:
        raise BackupError(f"cannot tell whether the node runs: {error}") from error
    candidates: set[int] = set()
    for line in lines:
        # "1: FLOCK  ADVISORY  WRITE 4711 fe:01:393217 0 EOF", or with "->" when it only waits for the lock.
        fields = line.split()
        if "->" in fields or not fields[5].rpartition(":")[2].isdigit():
            continue
        if int(fields[5].rpartition(":")[2]) in inodes:
            candidates.add(int(fields[4]))
    return sorted(pid for pid in candidates if _has_open(pid, locks))


@contextmanager
def frozen(pids: Sequence[int]) -> Iterator[None]:
    """Stop processes while the block runs. They go on afterwards, even if this process is killed meanwhile.

    Raises: BackupError when one can't be stopped.
    """
    if not pids:
        yield
        return
    # Ends when our end of its pipe is closed, by us or by the kernel when we are gone.
    wake_up = 'read -r _; kill -CONT "$@"'
    numbers = [str(pid) for pid in pids]
    guard = subprocess.Popen(["sh", "-c", wake_up, "sh", *numbers], stdin=subprocess.PIPE, start_new_session=True)
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + _STOP_SECONDS
        while not all(_is_stopped(pid) for pid in pids):
            if time.monotonic() > deadline:
                raise BackupError(f"the node's processes {', '.join(numbers)} can't be stopped for a moment: try again")
            time.sleep(_POLL_SECONDS)
        yield
    except ProcessLookupError as error:
        raise BackupError("the node ended while the backup began: try again") from error
    finally:
        guard.communicate()


def _lock_files(home: Path) -> list[Path]:
    return [home / "state" / "LOCK", home / "state.sqlite.lock", *home.glob("data/*.db/LOCK")]


def _has_open(pid: int, files: Sequence[Path]) -> bool:
    """Whether a process has one of the files open; inodes alone may be of another disk."""
    try:
        opened = [entry.resolve() for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        # It ended a moment ago, or is another user's and thus none of this node.
        return False
    return any(file.resolve() in opened for file in files)


def _is_stopped(pid: int) -> bool:
    """Whether every thread of a process is stopped."""
    states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in Path(f"/proc/{pid}/task").iterdir()]
    return all(state in "Tt" for state in states)
