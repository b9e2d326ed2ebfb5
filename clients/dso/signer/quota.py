"""How many statements a client may have signed: a bucket that fills at a steady rate."""

from __future__ import annotations

import time
from collections.abc import Callable


class Quota:
    """A token bucket per client: ``per_s`` statements a second on average, ``burst`` at once."""

    def __init__(self, per_s: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, client: str, statements: int) -> float:
        """Take so many statements; returns 0, or the seconds to wait when there are too few (nothing is taken)."""
        now_s = self._clock()
        level, since_s = self._buckets.get(client, (float(self._burst), now_s))
        level = min(float(self._burst), level + (now_s - since_s) * self._per_s)
        missing = statements - level
        if missing > 0:
            self._buckets[client] = (level, now_s)
            return missing / self._per_s
        self._buckets[client] = (level - statements, now_s)
        return 0.0
