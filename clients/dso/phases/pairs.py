"""Pairs of two lists of changes that could bring the deviation of phase a near enough to zero."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from clients.dso.phases.moves import Integers

# Pairs of one block, and rows of the first list that are looked up for it.
_BLOCK = 500_000
_ROWS = 50_000


class NearPairs:
    """Rows of ``many`` and of ``few``, which rises, whose sum is so near to zero that their q may be at most ``q``.

    Block by block; ``q`` may be lowered in between.
    """

    def __init__(self, many: Integers, few: Integers, q: int) -> None:
        self._many = many
        self._few = few
        self.q = q

    def __iter__(self) -> Iterator[tuple[Integers, Integers]]:
        at_once, done = max(1, min(_ROWS, _BLOCK // max(1, len(self._few)))), 0
        while done < len(self._many) and len(self._few):
            rows = np.arange(done, min(len(self._many), done + at_once))
            # U^2 + UV + V^2 is never below 3/4 U^2, hence q never below U^2/4.
            reach = 2 * math.isqrt(max(0, self.q)) + 2
            low = np.searchsorted(self._few, -self._many[rows] - reach, "left")
            counts = np.searchsorted(self._few, -self._many[rows] + reach, "right") - low
            # Blocks follow what they hold: many rows with few candidates each go together.
            cut = max(1, int(np.searchsorted(np.cumsum(counts), _BLOCK)))
            rows, low, counts = rows[:cut], low[:cut], counts[:cut]
            done += len(rows)
            held = counts > 0
            if held.any():
                yield _spread(rows[held], low[held], counts[held])
            at_once = min(_ROWS, max(1, _BLOCK // max(1, int(counts.sum()) // len(rows))))


def _spread(rows: Integers, low: Integers, counts: Integers) -> tuple[Integers, Integers]:
    """A row of its own for each of the ``counts`` candidates of ``rows``, which begin at ``low``."""
    pairs = int(counts.sum())
    return np.repeat(rows, counts), np.arange(pairs) + np.repeat(low - (np.cumsum(counts) - counts), counts)
