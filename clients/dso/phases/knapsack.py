"""The sets of homes that bring a phase's deviation near zero: few, where the best set hardly does.

Each home counts against a limit or doesn't. With a multiplier, a price for what counts, every home is better in or
better out, and has a deficit if it is the other way round. By what the best set goes beyond the need, the slack, is
what the deficits of a set that is near enough add up to at the most. So most homes are decided, and the sets are listed
as two halves.
"""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

import numpy as np

from clients.dso.phases.moves import Integers
from clients.dso.phases.pairs import NearPairs

# Choices of a half, pairs of them that are tried, and sets.
MAX_LIST = 30_000
MAX_PAIRS = 1_000_000
MAX_SETS = 10_000
# Choices are bits of 64.
MAX_HOMES = 63


class Sets(NamedTuple):
    """Sets, the nearest first: bits of the homes that are in, and the deviation."""

    homes: Integers
    deviations: Integers


class _Choices(NamedTuple):
    """Choices of some homes: what they add to the deviation, how many count, what they lack, bits of those in."""

    change: Integers
    counting: Integers
    deficit: Integers
    homes: Integers

    def chosen(self, rows: Integers) -> _Choices:
        return _Choices(*(column[rows] for column in self))


class Knapsack:
    """Sets of homes that make of a deviation ``start`` one with which q can be below ``below``.

    ``changes``: what each home adds, in thirds of a Wh. At most ``limit`` of those that are ``counted`` (1; the others
    0) are in.
    """

    def __init__(self, start: int, changes: Integers, counted: Integers, limit: int, below: int) -> None:
        self._start = start
        self._changes = changes
        self._counted = counted
        self._limit = limit
        # q is never below a quarter of the deviation's square.
        self._most_q = below - 1
        self._reach = isqrt(4 * max(0, self._most_q))
        gains = changes if start < 0 else -changes
        multiplier = self._multiplier(gains)
        values = gains - multiplier * counted
        self._inside = values > 0
        self._deficits = abs(values)
        most = int(values[self._inside].sum()) + multiplier * limit
        self._slack = most - (abs(start) - self._reach)
        # How many homes may be in as well as out.
        self.undecided = int((self._deficits <= self._slack).sum())

    def _multiplier(self, gains: Integers) -> int:
        """Between the gains of the last that the limit lets in and the first that it doesn't."""
        ranked: list[int] = sorted(np.maximum(0, gains[self._counted > 0]).tolist(), reverse=True)
        if self._limit >= len(ranked):
            return 0
        return (ranked[max(0, self._limit - 1)] + ranked[self._limit]) // 2

    def sets(self) -> Sets | None:
        """All sets that are near enough; None if they are too many, or too long to look for."""
        found, pairs, total = [Sets(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))], 0, 0
        if self._slack < 0:
            return found[0]
        order = np.argsort(-self._deficits, kind="stable")
        many, few = self._choices(order[::2]), self._choices(order[1::2])
        if many is None or few is None:
            return None
        few = few.chosen(np.argsort(few.change, kind="stable"))
        for rows, columns in NearPairs(many.change + self._start, few.change, self._most_q):
            deviations = self._start + many.change[rows] + few.change[columns]
            near = (many.counting[rows] + few.counting[columns] <= self._limit) & (abs(deviations) <= self._reach)
            found.append(Sets(many.homes[rows[near]] | few.homes[columns[near]], deviations[near]))
            pairs, total = pairs + len(rows), total + len(found[-1].homes)
            if pairs > MAX_PAIRS or total > MAX_SETS:
                return None
        sets = Sets(*(np.concatenate(column) for column in zip(*found, strict=True)))
        nearest = np.lexsort((sets.homes, abs(sets.deviations)))
        return Sets(sets.homes[nearest], sets.deviations[nearest])

    def _choices(self, homes: Integers) -> _Choices | None:
        """The choices of ``homes`` whose deficits are within the slack."""
        inside = homes[self._inside[homes]]
        sums = (self._changes[inside].sum(), self._counted[inside].sum(), 0, (1 << inside).sum())
        choices = _Choices(*(np.array([each], dtype=np.int64) for each in sums))
        for home in homes.tolist():
            sign = -1 if self._inside[home] else 1
            step = (sign * self._changes[home], sign * self._counted[home], self._deficits[home], sign << home)
            other = choices.chosen(np.flatnonzero(choices.deficit + self._deficits[home] <= self._slack))
            other = _Choices(*(column + each for column, each in zip(other, step, strict=True)))
            choices = _Choices(*(np.concatenate(pair) for pair in zip(choices, other, strict=True)))
            if len(choices.deficit) > MAX_LIST:
                return None
        return choices
