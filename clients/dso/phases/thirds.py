"""The best allocation where a phase can hardly carry its third of the sum: first who is on it, then who on the others.

The sets of homes that bring such a phase near enough to a third are few and are listed (`Knapsack`). For each of them
the other homes are shared out to the other two phases as evenly as they can be. It is one phase that so few switchings
hardly balance; or any, with no more than a third of the biggest homes: one of the phases has no more of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clients.dso.phases.bound import deviations
from clients.dso.phases.household import PHASES, Household
from clients.dso.phases.knapsack import MAX_HOMES, Knapsack
from clients.dso.phases.subset import nearest_subset
from clients.dso.phases.sweep import Best

# Homes that may be looked at, and entries that may be listed for the other two phases, in all.
MAX_WORK = 1_000_000


class _Case(NamedTuple):
    """Sets of homes: those that ``phase`` has or, if ``moves``, those that leave it or come to it."""

    phase: str
    moves: bool
    knapsack: Knapsack


class Thirds:
    """Looks for the best allocation of one feeder with so many switchings at most."""

    def __init__(self, households: list[Household], switched: list[Household]) -> None:
        self._homes = sorted(switched, key=lambda home: (-abs(home.commitment_wh), home.id))
        self._work = MAX_WORK
        self._now = dict(zip(PHASES, deviations(households), strict=True))
        self._sizes = np.array([3 * home.commitment_wh for home in self._homes], dtype=np.int64)

    def best(self, count: int, below: int, enough: int) -> Best:
        """The least q below ``below`` that ``count`` switchings at most reach; none under ``enough`` is looked for."""
        best = Best(below, None, True)
        if len(self._homes) > MAX_HOMES or self._work < 0:
            return best._replace(complete=False)
        for case in self._cases(count, below):
            best = self._of(case, count, best, enough)
        return best._replace(complete=best.complete or best.q <= enough)

    def _cases(self, count: int, below: int) -> list[_Case]:
        """Cases of which one at least holds for every allocation."""
        each = [self._biggest(phase, below) for phase in PHASES]
        single = min((self._moves(phase, count, below) for phase in PHASES), key=lambda case: case.knapsack.undecided)
        return [single] if single.knapsack.undecided <= max(case.knapsack.undecided for case in each) else each

    def _moves(self, phase: str, count: int, below: int) -> _Case:
        here = np.array([home.phase == phase for home in self._homes])
        changes = np.where(here, -self._sizes, self._sizes)
        return _Case(phase, True, Knapsack(self._now[phase], changes, np.ones_like(changes), count, below))

    def _biggest(self, phase: str, below: int) -> _Case:
        """At most a third of the homes that are half as big as the biggest one at the least, and in its direction."""
        here = np.array([home.phase == phase for home in self._homes])
        big = (2 * self._sizes * np.sign(self._sizes[0]) >= abs(self._sizes[0])).astype(np.int64)
        start = self._now[phase] - int(self._sizes[here].sum())
        return _Case(phase, False, Knapsack(start, self._sizes, big, int(big.sum()) // 3, below))

    def _of(self, case: _Case, count: int, best: Best, enough: int) -> Best:
        """``best``, or what is better in a case."""
        sets = case.knapsack.sets()
        if sets is None:
            return best._replace(complete=False)
        for bits, deviation in zip(sets.homes.tolist(), sets.deviations.tolist(), strict=True):
            if best.q <= enough or deviation * deviation >= 4 * best.q:
                break
            if self._work < 0:
                return best._replace(complete=False)
            inside = {home.id for place, home in enumerate(self._homes) if bits >> place & 1}
            if case.moves:
                inside ^= {home.id for home in self._homes if home.phase == case.phase}
            best = self._halved(case.phase, inside, deviation, count, best)
        return best

    def _halved(self, phase: str, inside: set[str], deviation: int, count: int, best: Best) -> Best:
        """``best``, or what is better with the homes ``inside`` on a phase that has a ``deviation`` then."""
        self._work -= len(self._homes)
        one, other = (each for each in PHASES if each != phase)
        # Those that leave come to one of the two phases first, and may go on to the other.
        moved = {home.id: phase for home in self._homes if home.id in inside and home.phase != phase}
        leaving = [home for home in self._homes if home.id not in inside and home.phase == phase]
        moved |= {home.id: one for home in leaving}
        left = count - len(moved)
        if left < 0:
            return best
        free = leaving + [home for home in self._homes if left and home.id not in moved and home.phase != phase]
        side = {one: 1, other: -1, phase: 0}
        on = {home.id: side[moved.get(home.id, home.phase)] for home in self._homes}
        start = self._now[one] - self._now[other]
        start += 3 * sum(home.commitment_wh * (on[home.id] - side[home.phase]) for home in self._homes)
        changes = [-6 * home.commitment_wh * on[home.id] for home in free]
        subset = nearest_subset(start, changes, [home.phase != phase for home in free], left)
        self._work -= subset.listed
        q = (3 * deviation * deviation + subset.total * subset.total) // 12
        if q < best.q:
            turned = {free[place].id: other if on[free[place].id] == 1 else one for place in subset.inside}
            best = best._replace(q=q, moved=moved | turned)
        return best._replace(complete=best.complete and subset.complete)
