"""What is told of a node that joins a chain by state sync, until it follows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from node.snapshots.service import DEFAULT_INTERVAL_BLOCKS

# CometBFT looks for 5 seconds before it chooses a snapshot; its peers need some of them to answer.
PATIENCE_SECONDS: Final = 20.0
NO_SNAPSHOT: Final = (
    "no peer has offered a snapshot yet: validators take one at every height that their --snapshot-interval divides "
    f"({DEFAULT_INTERVAL_BLOCKS} by default), and this node waits for it; to stop waiting, press Ctrl-C"
)
_TOLD_BY: Final = (" node.snapshots.service ", " node.validator.application ")


class JoiningProgress:
    """Passes on what the application's log says of its snapshot, and once that there is none so far."""

    def __init__(self, log: Path, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._tell = tell
        self._clock = clock
        self._patient_until = clock() + PATIENCE_SECONDS
        self._lines_seen = 0
        self._waits = True

    def show(self) -> None:
        """Tell what is new since the last call."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        for line in lines[self._lines_seen :]:
            for origin in _TOLD_BY:
                _, found, message = line.partition(origin)
                if found:
                    self._waits = False
                    self._tell(message)
        self._lines_seen = len(lines)
        if self._waits and self._clock() >= self._patient_until:
            self._waits = False
            self._tell(NO_SNAPSHOT)
