"""Databases that CometBFT was killed in the making of, which it can't open again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from node.cometbft.home import SIGN_STATE


def remove_unfinished(home: Path) -> list[Path]:
    """Remove the databases of a node that were never finished, if it has never signed anything; returns which.

    goleveldb names a new database's manifest in its file CURRENT before it takes anything; a folder without that file
    makes it end with "database entry point either missing or corrupted" at every later start. Such a folder holds
    nothing that could be lost, as long as it has no table and no journal either. A node that has signed is left alone
    whatever it looks like: then it is no first start, and somebody should have a look.

    Raises: OSError.
    """
    if not _signed_nothing(home / SIGN_STATE):
        return []
    unfinished = [folder for folder in sorted((home / SIGN_STATE).parent.glob("*.db")) if _is_unfinished(folder)]
    for folder in unfinished:
        shutil.rmtree(folder)
    return unfinished


def _signed_nothing(sign_state: Path) -> bool:
    """Without a sign state that can be read nobody can tell; what is wrong with it is CometBFT's to say."""
    try:
        state = json.loads(sign_state.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(state, dict) and state.get("height") == "0" and not state.get("signature")


def _is_unfinished(folder: Path) -> bool:
    if not folder.is_dir() or any(folder.glob("CURRENT*")):
        return False
    return not any(file.stat().st_size for pattern in ("*.ldb", "*.sst", "*.log") for file in folder.glob(pattern))
