"""One feeder: the least imbalance for every number of switchings, for feeders that share a limit of them.

The objective of (5.1) is |e_m - P^T x|^2 over the three phases. With U and V three times the deviations of phases a
and b from a third of the feeder's sum, it is 2/9 (U^2 + UV + V^2); U and V leave the same remainder modulo 3, so that
q = (U^2 + UV + V^2) / 3 is a whole number and the objective is 2q/3: everything here is exact.
"""

from __future__ import annotations

from typing import NamedTuple

from clients.dso.phases.bound import deviations, quarter_form
from clients.dso.phases.household import Household
from clients.dso.phases.shares import prove
from clients.dso.phases.sweep import Sweep
from clients.dso.phases.windows import Found, improve

# Pairs that may be tried at first, and if it is to be thorough.
QUICK_WORK = 8_000_000
MAX_WORK = 30_000_000


class Frontier(NamedTuple):
    """A feeder's best for some numbers of switchings, the first of which moves nobody.

    ``exact``: the steps are proven, and no step that is missing could be of use.
    """

    steps: list[Found]
    exact: bool


def frontier(households: list[Household], most: int, worth: int, bound: int, thorough: bool) -> Frontier:
    """The least q of one feeder's ``households`` for each number of switchings up to ``most``.

    A step whose saving isn't ``worth`` its switchings may be left out. ``worth`` is in thirds of a Wh^2 a switching.
    ``bound``: no allocation has a q below it. If it isn't to be ``thorough`` it may end early, inexact.
    """
    switched = sorted(home for home in households if home.switch and home.commitment_wh)
    start = deviations(households)[:2]
    steps = [Found(quarter_form(*start), {})]
    sweep = Sweep(switched, start, MAX_WORK if thorough else QUICK_WORK)
    for count in range(1, min(most, len(switched)) + 1):
        cheapest = min(step.cost(worth)[0] for step in steps)
        if steps[-1].q == bound or 2 * bound + worth * count >= cheapest:
            break
        best = sweep.best(count, steps[-1].q, bound)
        if best.moved is not None:
            steps.append(Found(best.q, best.moved))
        if best.complete:
            continue
        if not thorough:
            return Frontier(steps, False)
        good = steps[-1]
        proof = prove(households, count, good.q)
        if proof.moved is None and proof.bound < good.q:
            # Where a step is better, fewer ways are left that could beat it.
            good = improve(households, good, count, 0, bound)
            proof = prove(households, count, good.q)
        steps.append(good if proof.moved is None else Found(proof.bound, proof.moved))
        if proof.bound < steps[-1].q:
            return Frontier([*steps, improve(households, steps[-1], most, worth, bound)], False)
    return Frontier(steps, True)
