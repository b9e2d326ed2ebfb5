"""Which blocks CometBFT may forget.

A block goes once it is older than both windows, in blocks and in seconds. By default these are a little longer than
the time for which a validator can be charged with signing twice (`ConsensusParams`): when CometBFT prunes sooner, it
keeps the headers and commits of that time for ever (`PruneBlocks` in its store/store.go starts at its lowest block
each time, and never comes back to those).
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Final, NamedTuple

from node.cometbft.genesis import ConsensusParams

_FILE: Final = "retention.json"
# Pruning syncs CometBFT's databases, so it happens in steps of a part of the window.
_STEPS: Final = 48
_EVIDENCE: Final = ConsensusParams()

DEFAULT_RETAIN_BLOCKS: Final = _EVIDENCE.evidence_max_age_blocks + 1_000
DEFAULT_RETAIN_SECONDS: Final = _EVIDENCE.evidence_max_age_seconds + 3_600

log = logging.getLogger(__name__)


class Mark(NamedTuple):
    """The time (Unix, seconds) of the block at a height."""

    height: int
    time_s: int


class Retention:
    """Remembers the times of some blocks, in a file of the home, and tells which have passed both windows."""

    def __init__(self, home: Path, blocks: int = DEFAULT_RETAIN_BLOCKS, seconds: int = DEFAULT_RETAIN_SECONDS) -> None:
        """`blocks` = 0 keeps every block."""
        self._file = home / _FILE
        self._blocks = blocks
        self._seconds = seconds
        self._marks = _read(self._file)

    def height_to_keep(self, height: int, time_s: int, needed_height: int | None) -> int:
        """The lowest height that must stay after the block at `height`; 0 for all.

        `needed_height`: blocks from the next one on are needed whatever their age.
        """
        if not self._blocks:
            return 0
        step = max(1, self._blocks // _STEPS)
        if not self._marks or height >= self._marks[-1].height + step or height <= self._marks[-1].height:
            self._marks = [mark for mark in self._marks if mark.height < height] + [Mark(height, time_s)]
            self._save()
        old = [
            mark
            for mark in self._marks
            if mark.height <= height - self._blocks and mark.time_s <= time_s - self._seconds
        ]
        if not old:
            return 0
        # The newest of the old ones stays as the answer until the next is old enough.
        self._marks = [mark for mark in self._marks if mark.height >= old[-1].height]
        return old[-1].height if needed_height is None else min(old[-1].height, needed_height + 1)

    def _save(self) -> None:
        draft = self._file.with_name(f".{_FILE}")
        try:
            draft.write_text(json.dumps(self._marks))
            os.replace(draft, self._file)
        except OSError as error:
            # Without it blocks stay for longer after the next start, no more.
            log.warning("cannot remember the times of blocks in %s: %s", self._file, error)


def _read(file: Path) -> list[Mark]:
    """The marks of the last run; none when there is no such file or it is broken, so that blocks stay for longer."""
    try:
        return [Mark(int(height), int(time_s)) for height, time_s in json.loads(file.read_bytes())]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        log.warning("%s is of no use and is written anew: %s", file, error)
        return []
