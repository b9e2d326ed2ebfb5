"""A bound from how many homes of a kind each phase has: 14 of 40 much the same homes can't weigh as much as 13 do.

Homes of about the same commitment are a group. A phase that has k of a group carries between the k smallest and the k
largest of it. Group by group, all ways to share it out to the phases are listed, and those are dropped after which q
can't be brought below what is asked for. Then groups are divided into their bigger and their smaller homes, and so on,
down to single homes. A home that outweighs others is a group of its own from the start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clients.dso.phases.bound import (
    IMPOSSIBLE,
    bounds,
    deviations,
    grid_bound,
    grid_width,
    least_changes,
    most_changes,
)
from clients.dso.phases.household import PHASES, Household
from clients.dso.phases.moves import Integers

# Ways that are looked at in one step and in all, and those of which the bound is taken on the grid.
MAX_STEP = 50_000
MAX_WAYS = 200_000
MAX_EXACT = 200


class Proof(NamedTuple):
    """``bound``: a q that no allocation goes below. ``moved``: new phases by id with which it is reached, if known."""

    bound: int
    moved: dict[str, str] | None = None


def prove(households: list[Household], most: int, below: int) -> Proof:
    """A bound for at most ``most`` switchings; ``below`` if it isn't lower."""
    switched = [home for home in households if home.switch and home.commitment_wh]
    return _Shares(households, switched, min(most, len(switched)), below).proof()


class _Group:
    """Homes of one direction, none more than twice as big as another; the least first, in thirds of a Wh."""

    def __init__(self, homes: list[Household]) -> None:
        self.homes = homes
        n = len(homes)
        sizes = np.array([0, *(3 * home.commitment_wh for home in homes)], dtype=np.int64)
        self._smallest = np.cumsum(sizes)
        self._largest = self._smallest[-1] - self._smallest[::-1]
        self._phases = [np.array([home.phase == phase for home in homes]) for phase in PHASES]
        self._now = np.array([sizes[1:][on].sum() for on in self._phases], dtype=np.int64)
        self._here = np.array([on.sum() for on in self._phases], dtype=np.int64)
        # By how much it is unknown what a phase carries: before, and once its homes are counted.
        self.whole, self.spread = int(abs(sizes).sum()), n * int(sizes[-1] - sizes[1])
        self.counts = np.array([(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)], dtype=np.int64)

    def ways(self, counts: Integers) -> _Ways:
        """What it means that the phases have so many of the homes each."""
        used = np.maximum(0, self._here - counts).sum(axis=1)
        return _Ways(self._smallest[counts] - self._now, self._largest[counts] - self._now, used)

    def moved(self, counts: list[int]) -> dict[str, str]:
        """The homes that leave their phase where the phases have so many each, with their new ones; all are alike."""
        room = dict(zip(PHASES, counts, strict=True))
        leaving = []
        for home in self.homes:
            if room[home.phase] > 0:
                room[home.phase] -= 1
            else:
                leaving.append(home.id)
        return dict(zip(leaving, (phase for phase in PHASES for _ in range(room[phase])), strict=True))

    def divided(self) -> tuple[_Group, _Group]:
        """The halves."""
        half = len(self.homes) // 2
        return _Group(self.homes[:half]), _Group(self.homes[half:])


class _Ways(NamedTuple):
    """A row for each way. ``low``, ``high``: by how much deviations change at least and most; ``used``: switchings."""

    low: Integers
    high: Integers
    used: Integers

    def chosen(self, rows: Integers) -> _Ways:
        return _Ways(*(column[rows] for column in self))

    def plus(self, other: _Ways) -> _Ways:
        return _Ways(*(mine + its for mine, its in zip(self, other, strict=True)))

    def minus(self, other: _Ways) -> _Ways:
        return _Ways(*(mine - its for mine, its in zip(self, other, strict=True)))


class _Shares:
    def __init__(self, households: list[Household], switched: list[Household], most: int, below: int) -> None:
        self._most = most
        self._below = below
        self._start = np.array([deviations(households)], dtype=np.int64)
        self._width = grid_width(switched)
        # No way changes more than the switchings that are allowed do.
        self._least = least_changes(switched, most)[:, most]
        self._greatest = most_changes(switched, most)[:, most]
        self._waiting = _groups(switched)
        # Groups that are shared out, with the number of homes on each phase for every way.
        self._shared: list[tuple[_Group, Integers]] = []
        zero = np.zeros((1, 3), dtype=np.int64)
        self._ways = _Ways(zero, zero, np.zeros(1, dtype=np.int64))
        self._reached = self._reach(self._ways)

    def proof(self) -> Proof:
        left = MAX_WAYS
        while len(self._reached) and (self._waiting or any(group.spread for group, _ in self._shared)):
            waits = max((group.whole for group in self._waiting), default=0)
            divided = max(range(len(self._shared)), key=lambda index: self._shared[index][0].spread, default=0)
            if waits >= max((group.spread for group, _ in self._shared), default=0):
                step = self._share(max(self._waiting, key=lambda group: group.whole))
            else:
                step = self._divide(divided)
            if step is None or left < 0:
                return Proof(self._on_grid())
            left -= step
        if not len(self._reached):
            return Proof(self._below)
        best = np.lexsort((self._ways.used, self._reached))[0]
        moved = [group.moved(counts[best].tolist()) for group, counts in self._shared]
        return Proof(int(self._reached[best]), {name: phase for some in moved for name, phase in some.items()})

    def _on_grid(self) -> int:
        """The bound of the ways that are left, made a little better by what their deviations can be."""
        low, high = self._limits(self._ways)
        for row in np.argsort(self._reached, kind="stable").tolist()[:MAX_EXACT]:
            self._reached[row] = grid_bound(low[row], high[row], self._width, self._below)
        return min(self._below, int(self._reached.min()))

    def _share(self, group: _Group) -> int | None:
        """Share a waiting group out; how many ways that makes, None if too many."""
        rows, options = len(self._ways.used), len(group.counts)
        if rows * options > MAX_STEP:
            return None
        self._waiting.remove(group)
        way, option = np.divmod(np.arange(rows * options), options)
        counts = group.counts[option]
        self._keep(self._ways.chosen(way).plus(group.ways(counts)), way, [(group, counts)])
        return rows * options

    def _divide(self, index: int) -> int | None:
        """Divide a group that is shared out; how many ways that makes, None if too many."""
        group, counts = self._shared[index]
        first, second = group.divided()
        rows, options = len(counts), len(first.counts)
        if rows * options > 20 * MAX_STEP:
            return None
        fits = (first.counts[None] <= counts[:, None]).all(axis=2)
        way, option = np.nonzero(fits)
        if len(way) > MAX_STEP:
            return None
        del self._shared[index]
        of_first = first.counts[option]
        of_second = counts[way] - of_first
        ways = self._ways.chosen(way).minus(group.ways(counts[way]))
        ways = ways.plus(first.ways(of_first)).plus(second.ways(of_second))
        self._keep(ways, way, [(first, of_first), (second, of_second)])
        return len(way)

    def _keep(self, ways: _Ways, before: Integers, new: list[tuple[_Group, Integers]]) -> None:
        """Go on with those of ``ways`` that could bring q below what is asked for; ``before``: what each came from."""
        reached = self._reach(ways)
        kept = np.flatnonzero(reached < self._below)
        if not any(group.spread for group, _ in [*self._shared, *new]):
            kept = _different(ways, kept)
        self._ways, self._reached = ways.chosen(kept), reached[kept]
        self._shared = [(group, counts[before[kept]]) for group, counts in self._shared]
        self._shared += [(group, counts[kept]) for group, counts in new]

    def _reach(self, ways: _Ways) -> Integers:
        return np.where(ways.used > self._most, IMPOSSIBLE, bounds(*self._limits(ways)))

    def _limits(self, ways: _Ways) -> tuple[Integers, Integers]:
        """The deviations that each way allows, with what isn't shared out on any phases."""
        rest = [home for group in self._waiting for home in group.homes]
        left = np.maximum(0, self._most - ways.used)
        low = np.maximum(ways.low + least_changes(rest, self._most)[:, left].T, self._least)
        high = np.minimum(ways.high + most_changes(rest, self._most)[:, left].T, self._greatest)
        return self._start + low, self._start + high


def _different(ways: _Ways, rows: Integers) -> Integers:
    """Of those of ``rows`` with the same deviations only one with the fewest switchings; all deviations are known."""
    rows = rows[np.lexsort((ways.used[rows], ways.low[rows, 1], ways.low[rows, 0]))]
    same = (np.diff(ways.low[rows, :2], axis=0) == 0).all(axis=1)
    return rows[np.concatenate(([True], ~same))] if len(rows) else rows


def _groups(switched: list[Household]) -> list[_Group]:
    """All homes."""
    groups: list[list[Household]] = []
    for home in sorted(switched, key=lambda home: (home.commitment_wh, home.id)):
        sizes = sorted((home.commitment_wh, groups[-1][0].commitment_wh), key=abs) if groups else [0, 0]
        if sizes[0] * sizes[1] > 0 and 2 * abs(sizes[0]) >= abs(sizes[1]):
            groups[-1].append(home)
        else:
            groups.append([home])
    return [_Group(homes) for homes in groups]
