"""One feeder: the least imbalance for every number of switchings, by meeting in the middle.

The objective of (5.1) is |e_m - P^T x|^2 over the three phases. With U and V three times the deviations of phases a
and b from a third of the feeder's sum, it is 2/9 (U^2 + UV + V^2); U and V leave the same remainder modulo 3, so that
q = (U^2 + UV + V^2) / 3 is a whole number and the objective is 2q/3: everything here is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import comb
from typing import NamedTuple, TypeAlias

import numpy as np

from clients.dso.phases.bound import deviations, lower_bound, quarter_form
from clients.dso.phases.descent import descend
from clients.dso.phases.household import Household
from clients.dso.phases.moves import Integers, MoveLists, Moves

# Work that is never exceeded, counted and not timed, so that the same file has the same answer on every machine.
MAX_LIST = 600_000
MAX_PAIRS = 60_000_000
_BLOCK = 1_000_000

# Two lists of homes, and how many of the first one's move.
_Split: TypeAlias = tuple[MoveLists, MoveLists, int]


class Step(NamedTuple):
    """The least ``q`` that so many ``switchings`` reach. ``moved``: the new phases by id."""

    switchings: int
    q: int
    moved: dict[str, str]


class Frontier(NamedTuple):
    """A feeder's steps, the first of which moves nobody.

    ``exact``: the steps are proven, and no step that is missing could be of use. ``bound``: no allocation has a ``q``
    below it.
    """

    steps: list[Step]
    exact: bool
    bound: int


def frontier(households: list[Household], most: int, worth: int) -> Frontier:
    """The least q of one feeder's ``households`` for each number of switchings up to ``most``.

    A step whose saving isn't ``worth`` its switchings may be left out. ``worth`` is in thirds of a Wh^2 a switching.
    """
    switched = sorted(home for home in households if home.switch and home.commitment_wh)
    start = deviations(households)[:2]
    bound = lower_bound(households)
    steps = [Step(0, quarter_form(*start), {})]
    pairs_left = MAX_PAIRS
    half = len(switched) // 2
    halves = (MoveLists(switched[:half]), MoveLists(switched[half:]))
    for count in range(1, min(most, len(switched)) + 1):
        cheapest = min(2 * step.q + worth * step.switchings for step in steps)
        if steps[-1].q == bound or 2 * bound + worth * count >= cheapest:
            break
        splits = _splits(switched, halves, count)
        if splits is None:
            return _unfinished(households, steps, bound, most, worth)
        best, moved = steps[-1].q, None
        for left, right, first in splits:
            search = _Search(left.of(first), right.of(count - first), start, best, pairs_left)
            found = search.best()
            pairs_left = search.pairs_left
            if found is not None:
                best, codes = found
                moved = left.phases(codes[0]) | right.phases(codes[1])
            if best == bound or pairs_left < 0:
                break
        if moved is not None:
            steps.append(Step(count, best, moved))
        if pairs_left < 0 and best != bound:
            return _unfinished(households, steps, bound, most, worth)
    return Frontier(steps, True, bound)


def _unfinished(households: list[Household], steps: list[Step], bound: int, most: int, worth: int) -> Frontier:
    """What a search that became too long has found, and what can be made of it."""
    moved = descend(households, steps[-1].moved, most, worth)
    placed = [home._replace(phase=moved.get(home.id, home.phase)) for home in households]
    step = Step(len(moved), quarter_form(*deviations(placed)[:2]), moved)
    return Frontier([*steps, step], False, bound)


def _splits(homes: list[Household], halves: tuple[MoveLists, MoveLists], count: int) -> Iterator[_Split] | None:
    """Pairs of halves, and how many of ``count`` homes move in the first; together they hold every way to move them.

    None if that takes lists that are too long. While the halves are small they are always the same, with every split of
    the number. Else the homes stand in a ring, and a window of half of them turns round it: from one place to the next
    the number of moved homes in it changes by one at most, so that at some place it is half of them (rounded down).
    """
    half = len(homes) // 2
    if all(_ways(len(side.homes), moved) <= MAX_LIST for side in halves for moved in range(count + 1)):
        return _fixed(halves, count)
    if _ways(len(homes) - half, count - count // 2) <= MAX_LIST:
        return _turning(homes, half, count)
    return None


def _fixed(halves: tuple[MoveLists, MoveLists], count: int) -> Iterator[_Split]:
    # The even splits come first: they hold most of the ways, and what they find spares work on the others.
    for first in sorted(range(count + 1), key=lambda first: abs(2 * first - count)):
        yield *halves, first


def _turning(homes: list[Household], half: int, count: int) -> Iterator[_Split]:
    # With equal halves the window's second half turn would only exchange the two.
    for place in range(len(homes) if len(homes) % 2 else half + 1):
        ring = homes[place:] + homes[:place]
        yield MoveLists(ring[:half]), MoveLists(ring[half:]), count // 2


def _ways(homes: int, count: int) -> int:
    return comb(homes, count) << count


class _Search:
    """The best pair of two lists of moves: for each of one list only those of the other that could beat the best."""

    def __init__(self, left: Moves, right: Moves, start: tuple[int, int], best: int, pairs_left: int) -> None:
        self.pairs_left = pairs_left
        self._swapped = len(left.a) < len(right.a)
        self._many, small = (right, left) if self._swapped else (left, right)
        order = np.argsort(small.a, kind="stable")
        self._few = Moves(small.a[order], small.b[order], small.code[order])
        self._start = start
        self._best = best

    def best(self) -> tuple[int, tuple[int, int]] | None:
        """The least q below the best known, with the codes of the left and the right move; None if there is none.

        The search is incomplete if `pairs_left` is negative afterwards.
        """
        codes: tuple[int, int] | None = None
        for rows, low, counts in self._blocks():
            pairs = int(counts.sum())
            self.pairs_left -= pairs
            if self.pairs_left < 0:
                break
            many = np.repeat(rows, counts)
            few = np.arange(pairs) + np.repeat(low - (np.cumsum(counts) - counts), counts)
            a = self._many.a[many] + self._few.a[few] + self._start[0]
            b = self._many.b[many] + self._few.b[few] + self._start[1]
            q = (a * a + a * b + b * b) // 3
            index = int(q.argmin())
            if q[index] < self._best:
                self._best = int(q[index])
                pair = int(self._many.code[many[index]]), int(self._few.code[few[index]])
                codes = (pair[1], pair[0]) if self._swapped else pair
        return None if codes is None else (self._best, codes)

    def _blocks(self) -> Iterator[tuple[Integers, Integers, Integers]]:
        """Rows of the longer list, and for each the first and the number of the shorter list's rows to try with it."""
        rows_at_once = max(1, _BLOCK // max(1, len(self._few.a)))
        done, size = 0, len(self._many.a)
        while done < size and len(self._few.a):
            rows = np.arange(done, min(size, done + rows_at_once))
            done += len(rows)
            # U^2 + UV + V^2 is never below 3/4 U^2, hence q never below U^2/4.
            reach = 2 * math.isqrt(self._best) + 2
            wanted = -self._start[0] - self._many.a[rows]
            low = np.searchsorted(self._few.a, wanted - reach, "left")
            counts = np.searchsorted(self._few.a, wanted + reach, "right") - low
            held = counts > 0
            if held.any():
                yield rows[held], low[held], counts[held]
            # Blocks follow what they hold: many rows with few candidates each go together.
            per_row = max(1, int(counts.sum()) // len(rows))
            rows_at_once = max(1, _BLOCK // max(per_row, len(self._few.a) // 64))
