"""What a kill can leave of CometBFT's files that it can't go on from by itself; put right before it starts."""

from __future__ import annotations

from pathlib import Path

from node.cometbft.databases import remove_unfinished
from node.cometbft.write_ahead_log import WalDamaged, mark_ended
from node.history.errors import HistoryError
from node.history.level_copy import LevelCopy
from wire.gen.tendermint.store.types_pb2 import BlockStoreState


def repair(home: Path) -> list[str]:
    """Put a stopped node's home right; returns what was done, a line each, for its log.

    Raises: OSError.
    """
    done = [
        f"{database.name} was not finished when this node was ended; it is made anew"
        for database in remove_unfinished(home)
    ]
    try:
        height = _saved_height(home)
        if mark_ended(home, height):
            done.append(f"block {height} was saved when this node was ended; its write-ahead log knows now")
    except (HistoryError, WalDamaged) as error:
        # Whatever it is, CometBFT has better words for it.
        done.append(f"the write-ahead log is left as it is: {error}")
    return done


def _saved_height(home: Path) -> int:
    """The height of the last block in the node's store. Raises: HistoryError when it can't be read."""
    folder = home / "data" / "blockstore.db"
    if not folder.exists():
        return 0
    with LevelCopy(folder) as blocks:
        return BlockStoreState.FromString(blocks.get(b"blockStore") or b"").height
