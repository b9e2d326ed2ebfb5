"""A copy of a node's data as they are at one instant.

It is what a kill of application and CometBFT at that instant would leave, which both come back from by themselves.
Table files of LevelDB, which hold nearly everything, are never changed once written: they are linked, not copied, so
the node stands still for milliseconds.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from node.backup.errors import BackupError
from node.backup.freezing import frozen, holders

# CometBFT's databases. Its write-ahead log is left out: it is for the height under way, whose votes only a node that
# goes on where it stopped may repeat.
DATABASES: Final = ("data/blockstore.db", "data/state.db", "data/evidence.db", "data/tx_index.db")
STATE: Final = ("state", "state.sqlite", "state.sqlite-wal", "retention.json")
DOCUMENTS: Final = ("config/genesis.json", "config/config.toml")
_IMMUTABLE: Final = {".ldb", ".sst"}
_LEFT_OUT: Final = {"LOCK", "LOG", "LOG.old"}


def take_image(home: Path, image: Path) -> None:
    """Copy what a backup holds into an empty folder on the same disk. The node may run.

    Raises: BackupError.
    """
    for needed in (*DOCUMENTS, *DATABASES[:2]):
        if not (home / needed).exists():
            raise BackupError(f"{home} is no home of a node that has run: {needed} is missing")
    running = holders(home)
    with frozen(running):
        for name in (*STATE, *DATABASES, *DOCUMENTS):
            if (home / name).exists():
                _copy(home / name, image / name)
    if holders(home) != running:
        raise BackupError("the node was started or stopped while the backup was made: try again")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(parents=True)
        for entry in source.iterdir():
            if entry.name not in _LEFT_OUT:
                _copy(entry, target / entry.name)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix in _IMMUTABLE:
        os.link(source, target)
    else:
        shutil.copyfile(source, target)
