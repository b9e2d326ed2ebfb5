"""What the imbalance of a feeder can't go below where the deviations of its phases are known to lie within limits."""

from __future__ import annotations

import math

import numpy as np

from clients.dso.phases.household import PHASES, Household
from clients.dso.phases.moves import Integers

# More than any q.
IMPOSSIBLE = int(np.iinfo(np.int64).max)


def quarter_form(a: int, b: int) -> int:
    """q (see `feeder`) of the deviations ``a`` and ``b`` of two phases, in thirds of a Wh."""
    return (a * a + a * b + b * b) // 3


def deviations(households: list[Household]) -> tuple[int, int, int]:
    """By phase: three times the sum of commitments, less the feeder's sum; in thirds of a Wh."""
    total = sum(home.commitment_wh for home in households)
    a, b, c = (3 * sum(home.commitment_wh for home in households if home.phase == phase) - total for phase in PHASES)
    return a, b, c


def least_changes(homes: list[Household], most: int) -> Integers:
    """By how much at the least (mostly negative) 0, 1, ... ``most`` of ``homes`` change each phase's deviation.

    In thirds of a Wh; a row for each phase. Every number stands for itself and all smaller ones.
    """
    rows = []
    for phase in PHASES:
        change = [3 * (-home.commitment_wh if home.phase == phase else home.commitment_wh) for home in homes]
        largest = sorted(min(0, value) for value in change)[:most]
        rows.append([0, *np.cumsum(largest, dtype=np.int64).tolist(), *[sum(largest)] * (most - len(largest))])
    return np.array(rows, dtype=np.int64)


def most_changes(homes: list[Household], most: int) -> Integers:
    """As `least_changes`, by how much at the most."""
    return -least_changes([home._replace(commitment_wh=-home.commitment_wh) for home in homes], most)


def bounds(low: Integers, high: Integers) -> Integers:
    """For each row of the least and the most of three deviations: what q isn't below. `IMPOSSIBLE` if no three do.

    q is a sixth of the sum of squares of three deviations that add up to zero. Lagrange's dual, at a multiplier that is
    rounded down, is a bound in whole numbers.
    """
    multiplier = _multipliers(low, high)
    nearest = np.clip(multiplier[:, None], low, high)
    dual = (nearest * nearest).sum(axis=1) - 2 * multiplier * nearest.sum(axis=1)
    return np.where((low.sum(axis=1) > 0) | (high.sum(axis=1) < 0), IMPOSSIBLE, np.maximum(0, -(-dual // 6)))


def _multipliers(low: Integers, high: Integers) -> Integers:
    """The value, rounded down, that the three deviations take, each clipped to its limits, if they add up to zero."""
    corners = np.concatenate((low, high), axis=1)
    sums = sum(np.clip(corners, low[:, [phase]], high[:, [phase]]) for phase in range(3))
    # The sums rise with the corners; from the last that isn't above zero on they rise evenly.
    last = np.where(sums <= 0, corners, low.min(axis=1)[:, None]).max(axis=1)
    slope = ((low <= last[:, None]) & (last[:, None] < high)).sum(axis=1)
    rest = -np.clip(last[:, None], low, high).sum(axis=1)
    multipliers: Integers = last + rest // np.maximum(1, slope)
    return multipliers


def grid_bound(low: Integers, high: Integers, width: int, below: int) -> int:
    """As `bounds` for one row, where deviations differ by multiples of ``width`` and both limits can be reached.

    Returns: ``below`` if it isn't lower.
    """
    lows, highs = low.tolist(), high.tolist()
    if sum(lows) > 0 or sum(highs) < 0:
        return below
    middle = int(np.clip(_multipliers(low[None], high[None])[0], low[0], high[0]))
    first = middle - (middle - lows[0]) % width
    # The least q with a given first deviation grows in both directions from the middle.
    for step in (width, -width):
        a = first if step < 0 else first + width
        while max(lows[0], -highs[1] - highs[2]) <= a <= min(highs[0], -lows[1] - lows[2]):
            least, most = max(lows[1], -a - highs[2]), min(highs[1], -a - lows[2])
            at_best = min(max(-a // 2, least), most)
            if min(quarter_form(a, at_best), quarter_form(a, min(at_best + 1, most))) >= below:
                break
            near = at_best - (at_best - least) % width
            below = min(below, *(quarter_form(a, b) for b in (near, near + width) if b <= most))
            a += step
    return below


def lower_bound(households: list[Household]) -> int:
    """The q of a feeder's ``households`` that no choice of phases for its switched ones goes below."""
    start = np.array(deviations(households), dtype=np.int64)
    switched = [home for home in households if home.switch and home.commitment_wh]
    here = quarter_form(*start[:2].tolist())
    if not switched:
        return here
    n = len(switched)
    low, high = start + least_changes(switched, n)[:, n], start + most_changes(switched, n)[:, n]
    return grid_bound(low, high, grid_width(switched), here)


def grid_width(switched: list[Household]) -> int:
    """All deviations of a phase that can be reached differ by multiples of so many thirds of a Wh."""
    return 3 * math.gcd(*(home.commitment_wh for home in switched))
