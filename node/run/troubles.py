"""What goes wrong during a run, in words, for whoever watches it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """Troubles of a kind: how many so far, and the latest."""

    count: int
    text: str


@dataclass
class Troubles:
    """Troubles so far: the last ones, and all of them by kind."""

    last: deque[str] = field(default_factory=lambda: deque(maxlen=3))
    kinds: dict[str, Kind] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, text: str) -> None:
        """Something went wrong. Kinds are few: ``text`` has what differs."""
        self.last.append(text)
        so_far = self.kinds.get(kind)
        self.kinds[kind] = Kind(so_far.count + 1 if so_far is not None else 1, text)

    def news(self, all_of_it: bool = False) -> list[Kind]:
        """Kinds that are new or have doubled since they were told of here; for ``all_of_it``, all that have grown."""
        told = []
        for name, kind in self.kinds.items():
            before = self._told.get(name, 0)
            if kind.count >= 2 * before if not all_of_it else kind.count > before:
                self._told[name] = kind.count
                told.append(kind)
        return told
