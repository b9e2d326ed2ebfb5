"""The best that an exact number of switchings reaches, by meeting in the middle.

The switched homes are two halves, the ways to move homes of each half are listed, and for every entry of one list only
those of the other are tried that could beat the best known. With many homes the halves become windows that turn round a
ring of all homes, so that half of the moved homes are in one window at some turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import NamedTuple, TypeAlias

import numpy as np

from clients.dso.phases.household import Household
from clients.dso.phases.moves import MoveLists, Moves
from clients.dso.phases.pairs import NearPairs

# Work that is never exceeded, counted and not timed, so that the same file has the same answer on every machine.
MAX_LIST = 600_000

# Two lists of homes, and how many of the first one's move.
_Split: TypeAlias = tuple[MoveLists, MoveLists, int]


class Best(NamedTuple):
    """``moved``: new phases by id, of the least ``q`` below what was asked for; None if none was found.

    ``complete``: there is none that is better.
    """

    q: int
    moved: dict[str, str] | None
    complete: bool


class Sweep:
    """Looks for the best allocation of one feeder with so many switchings.

    ``work``: how many pairs may be tried and entries listed, in all; `complete` is false from then on.
    """

    def __init__(self, switched: list[Household], start: tuple[int, int], work: int) -> None:
        self._homes = sorted(switched)
        self._start = start
        self._work = work
        half = len(switched) // 2
        self._halves = (MoveLists(self._homes[:half]), MoveLists(self._homes[half:]))

    def best(self, count: int, below: int, enough: int) -> Best:
        """The least q below ``below`` that exactly ``count`` switchings reach; none under ``enough`` is looked for."""
        splits = self._splits(count) if self._work > 0 else None
        if splits is None:
            return Best(below, None, False)
        best = Best(below, None, True)
        for left, right, first in splits:
            moves = left.of(first), right.of(count - first)
            self._work -= sum(len(side.a) for side in moves)
            found = self._least(*moves, best.q)
            if found is not None:
                q, codes = found
                best = Best(q, left.phases(codes[0]) | right.phases(codes[1]), True)
            if best.q <= enough or self._work < 0:
                break
        return best._replace(complete=self._work >= 0 or best.q <= enough)

    def _splits(self, count: int) -> Iterator[_Split] | None:
        """Pairs of halves, and how many of ``count`` homes move in the first: together every way to move so many.

        None if that takes lists that are too long. While the halves are small they are always the same, with every
        split of the number. Else the homes stand in a ring, and a window of half of them turns round it: from one place
        to the next the number of moved homes in it changes by one at most, so that at some place it is half of them
        (rounded down).
        """
        homes = len(self._homes)
        if all(_ways(len(side.homes), moved) <= MAX_LIST for side in self._halves for moved in range(count + 1)):
            # The even splits come first: they hold most of the ways, and what they find spares work on the others.
            shares = sorted(range(count + 1), key=lambda first: abs(2 * first - count))
            return ((*self._halves, first) for first in shares)
        if _ways(homes - homes // 2, count - count // 2) <= MAX_LIST:
            return self._turning(count)
        return None

    def _turning(self, count: int) -> Iterator[_Split]:
        # With equal halves the window's second half turn would only exchange the two.
        homes, half = self._homes, len(self._homes) // 2
        for place in range(len(homes) if len(homes) % 2 else half + 1):
            ring = homes[place:] + homes[:place]
            yield MoveLists(ring[:half]), MoveLists(ring[half:]), count // 2

    def _least(self, left: Moves, right: Moves, below: int) -> tuple[int, tuple[int, int]] | None:
        """The least q of a move of each list, and their codes; None if none is below."""
        swapped = len(left.a) < len(right.a)
        many, few = (right, left) if swapped else (left, right)
        order = np.argsort(few.a, kind="stable")
        few = Moves(*(column[order] for column in few))
        a, b = self._start
        pairs, codes = NearPairs(many.a + a, few.a, below), None
        for rows, columns in pairs:
            self._work -= len(rows)
            if self._work < 0:
                break
            u, v = many.a[rows] + few.a[columns] + a, many.b[rows] + few.b[columns] + b
            q = (u * u + u * v + v * v) // 3
            index = int(q.argmin())
            if q[index] < pairs.q:
                pairs.q = int(q[index])
                codes = int(many.code[rows[index]]), int(few.code[columns[index]])
        if codes is None:
            return None
        return pairs.q, (codes[1], codes[0]) if swapped else codes


def _ways(homes: int, count: int) -> int:
    return comb(homes, count) << count
