"""A disk in memory that a process can lose its last write on."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from abci_app.state.store import Change, MemoryStore


class Crash(Exception):
    """The process is gone."""


class Disk(MemoryStore):
    """Durable as a disk is: a write that returned is there; one that was interrupted is there whole, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self._dies: Random | None = None

    def die_in_next_write(self, random: Random) -> None:
        """The process ends in the next write, before or after it has reached the disk."""
        self._dies = random

    def write(self, changes: Sequence[Change]) -> None:
        """Put all, unless the process is about to end."""
        dies, self._dies = self._dies, None
        if dies is None or dies.random() < 0.5:
            super().write(changes)
        if dies is not None:
            raise Crash
