"""CometBFT's write-ahead log of consensus, which it keeps up to 1 GB of.

Only the newest part matters: what came after the last block. CometBFT itself removes old parts in the same way while it
runs (libs/autofile/group.go at the pinned tag), but has no setting for how much it keeps.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

FOLDER: Final = Path("data/cs.wal")
# Parts have 10 MB; one block's messages are at most a few of its size, so the last block is in the newest of them.
KEPT_PARTS: Final = 2
_PART: Final = re.compile(r"wal\.(\d+)")


def trim(home: Path, kept: int = KEPT_PARTS) -> int:
    """Remove the oldest closed parts of a node's log but for the newest `kept`; returns how many went."""
    folder = home / FOLDER
    if not folder.is_dir():
        return 0
    parts = sorted(
        (int(found[1]), path) for path in folder.iterdir() if (found := _PART.fullmatch(path.name)) is not None
    )
    old = parts[:-kept] if kept else parts
    for _, path in old:
        path.unlink(missing_ok=True)
    return len(old)
