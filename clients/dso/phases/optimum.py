"""One feeder on its own: its best allocation, and how far that is proven.

Windows of homes find a good allocation; bounds show that none is better, or that only some numbers of switchings can
reach one that is. Those are searched to the end where that isn't too long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clients.dso.phases.bound import (
    deviations,
    grid_bound,
    grid_width,
    least_changes,
    lower_bound,
    most_changes,
    quarter_form,
)
from clients.dso.phases.household import Household
from clients.dso.phases.shares import prove
from clients.dso.phases.sweep import Sweep
from clients.dso.phases.thirds import Thirds
from clients.dso.phases.windows import SIZES, Found, improve

# Pairs that may be tried to find fewer switchings, or to prove what no bound does.
MAX_WORK = 12_000_000
# How many numbers of switchings are given up on before the rest is.
MAX_OPEN = 2


class Optimum(NamedTuple):
    """``found``: the best; ``least_cost``: no allocation costs less; ``least_q``: nor has a lower q."""

    found: Found
    least_cost: int
    least_q: int


def optimum(households: list[Household], most: int, worth: int) -> Optimum:
    """The least 2 q plus ``worth`` for every switching (thirds of a Wh^2), with at most ``most`` switchings."""
    switched = sorted(home for home in households if home.switch and home.commitment_wh)
    most = min(most, len(switched))
    found = Found(quarter_form(*deviations(households)[:2]), {})
    if most == 0:
        return Optimum(found, 2 * found.q, found.q)
    return _Search(households, switched, most, worth).optimum(found)


class _Search:
    def __init__(self, households: list[Household], switched: list[Household], most: int, worth: int) -> None:
        self._households = households
        self._most = most
        self._worth = worth
        start = deviations(households)
        self._sweep = Sweep(switched, start[:2], MAX_WORK)
        self._thirds = Thirds(households, switched)
        self._low = np.array([start]).T + least_changes(switched, most)
        self._high = np.array([start]).T + most_changes(switched, most)
        self._width = grid_width(switched)

    def optimum(self, start: Found) -> Optimum:
        found, least_q = self._good(start)
        least_cost, given_up = found.cost(self._worth)[0], 0
        for count in range(self._most + 1):
            cost, used = found.cost(self._worth)
            if 2 * least_q + self._worth * count >= cost and count >= used:
                break
            # With fewer switchings an equal cost is better as well.
            below = (cost - self._worth * count + (2 if count < used else 1)) // 2
            bound = max(least_q, self._bound(count, below))
            if bound >= below:
                continue
            best = self._sweep.best(count, below, bound)
            if best.moved is not None:
                found = Found(best.q, best.moved)
            if best.complete:
                continue
            below = min(below, best.q)
            proof = prove(self._households, count, below)
            if proof.moved is not None:
                found = Found(proof.bound, proof.moved)
                continue
            bound = max(bound, proof.bound)
            if bound >= below:
                continue
            best = self._thirds.best(count, below, bound)
            if best.moved is not None:
                found = Found(best.q, best.moved)
            if best.complete:
                continue
            tried = improve(self._households, start, count, self._worth, bound)
            found = min(found, tried, key=lambda one: one.cost(self._worth))
            least_cost = min(least_cost, 2 * bound + self._worth * count)
            given_up += 1
            if given_up > MAX_OPEN:
                least_cost = min(least_cost, 2 * least_q + self._worth * (count + 1))
                break
        return Optimum(found, min(least_cost, found.cost(self._worth)[0]), least_q)

    def _good(self, found: Found) -> tuple[Found, int]:
        """A good allocation, better than ``found``, and a q that none goes below."""
        least_q = lower_bound(self._households)
        # With a worth the least q isn't what is looked for.
        for sizes in SIZES if self._worth == 0 else SIZES[:1]:
            found = improve(self._households, found, self._most, self._worth, least_q, sizes)
            if found.q > least_q:
                proof = prove(self._households, self._most, found.q)
                least_q = max(least_q, proof.bound)
                if proof.moved is not None:
                    found = min(found, Found(proof.bound, proof.moved), key=lambda one: one.cost(self._worth))
            if found.q <= least_q:
                return found, least_q
        best = self._thirds.best(self._most, found.q, least_q)
        if best.moved is not None:
            found = min(found, Found(best.q, best.moved), key=lambda one: one.cost(self._worth))
        return found, best.q if best.complete else least_q

    def _bound(self, count: int, below: int) -> int:
        """What q isn't below with at most ``count`` switchings."""
        return grid_bound(self._low[:, count], self._high[:, count], self._width, below)
