"""CometBFT's folders that another process has open, or had until a moment ago."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import plyvel
import pytest

from node.history.errors import HistoryError
from node.history.level_copy import LevelCopy

_HOLDER = """
import fcntl, sys, time
lock = open(sys.argv[1])
fcntl.flock(lock, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "blockstore.db"
    with plyvel.DB(str(made), create_if_missing=True) as database:
        database.put(b"height", b"7")
    return made


@pytest.fixture
def hold(folder: Path) -> Iterator[Callable[[float], None]]:
    """Lock the folder as goleveldb does, from another process, for so many seconds."""
    holders: list[subprocess.Popen[str]] = []

    def begin(seconds: float) -> None:
        command = [sys.executable, "-c", _HOLDER, str(folder / "LOCK"), str(seconds)]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        holders.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"

    yield begin
    for holder in holders:
        holder.kill()
        holder.communicate()


def test_a_process_on_its_way_out_is_waited_for(folder: Path, hold: Callable[[float], None]) -> None:
    hold(0.5)
    with LevelCopy(folder) as copy:
        assert copy.get(b"height") == b"7"


def test_a_folder_in_use_is_refused_and_left_alone(folder: Path, hold: Callable[[float], None]) -> None:
    before = sorted(folder.iterdir())
    hold(60)
    with pytest.raises(HistoryError, match=r"blockstore.db is in use: stop the node first, or ask it with --rpc"):
        LevelCopy(folder)
    assert sorted(folder.iterdir()) == before
    assert sorted(folder.parent.iterdir()) == [folder]
