"""Sets a node's stores aside, so that its next start makes them anew.

By replay: when the application says at its start that it has nothing, CometBFT has it execute every block from the
first on. That needs all blocks. By state sync: when CometBFT has nothing either, it fetches a snapshot and goes on from
there. The validator's key and its record of what it signed always stay: without that record it could sign twice.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from node.backup.errors import BackupError
from node.backup.freezing import holders
from node.backup.image import DATABASES, STATE
from node.cometbft.home import CONFIG, VALIDATOR_KEY
from node.cometbft.settings import render_toml
from node.history.errors import HistoryError
from node.history.home_source import HomeSource
from node.history.span import Span
from node.localnet.joining import Chain, statesync_section
from node.rebuild.errors import RebuildError

_WAL: Final = "data/cs.wal"
# SQLite's index of its journal, which is made anew.
_SQLITE_INDEX: Final = "state.sqlite-shm"


class SetAside(NamedTuple):
    """What was done: the folder that the old files are in, and up to which height the next start replays (0: none)."""

    folder: Path
    replays_to: int


async def by_replay(home: Path) -> SetAside:
    """Set the application's state aside; the node's next start replays its blocks.

    Raises: RebuildError when it runs, or has not all of its blocks; OSError.
    """
    _require_stopped(home)
    span = await _blocks(home)
    if span.first > 1:
        raise RebuildError(
            f"blocks 1 to {span.first - 1} are pruned here, so that a replay can't begin: give two nodes to sync the "
            "state from (--from URL --from URL), or restore a backup (vdg node restore)"
        )
    return SetAside(_set_aside(home, (*STATE, _SQLITE_INDEX)), span.last)


def by_state_sync(home: Path, chain: Chain) -> SetAside:
    """Set application's state and CometBFT's databases aside; the next start fetches a snapshot from the chain's nodes.

    Raises: RebuildError when the node runs; OSError.
    """
    _require_stopped(home)
    config = tomllib.loads((home / CONFIG).read_text(encoding="utf-8"))
    sections = {"": {key: value for key, value in config.items() if not isinstance(value, dict)}}
    sections |= {key: value for key, value in config.items() if isinstance(value, dict)}
    sections["statesync"] = statesync_section(chain)
    folder = _set_aside(home, (*STATE, _SQLITE_INDEX, *DATABASES, _WAL))
    (home / CONFIG).write_text(render_toml(sections), encoding="utf-8")
    return SetAside(folder, 0)


def _require_stopped(home: Path) -> None:
    if not (home / VALIDATOR_KEY).exists():
        raise RebuildError(f"{home} is no home of a node: give the folder that has its config/ and data/")
    try:
        running = holders(home)
    except BackupError as error:
        raise RebuildError(str(error)) from error
    if running:
        raise RebuildError(f"the node in {home} runs (process {running[0]}): stop it first")


async def _blocks(home: Path) -> Span:
    try:
        with HomeSource(home) as source:
            return await source.span()
    except HistoryError as error:
        raise RebuildError(
            f"the blocks can't be read, so that a replay can't begin: {error}. Give two nodes to sync the state from "
            "(--from URL --from URL)"
        ) from error


def _set_aside(home: Path, names: Sequence[str]) -> Path:
    """Move what is there into a new folder of the home."""
    folder = home / f"before-rebuild-{time.time_ns()}"
    folder.mkdir()
    for name in names:
        if (home / name).exists():
            (folder / name).parent.mkdir(exist_ok=True)
            (home / name).rename(folder / name)
    return folder
