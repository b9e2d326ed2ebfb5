"""What no allocation of a feeder can go below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

from clients.dso.phases.household import PHASES, Household


def quarter_form(a: int, b: int) -> int:
    """q (see `feeder`) of the deviations ``a`` and ``b`` of two phases, in thirds of a Wh."""
    return (a * a + a * b + b * b) // 3


def deviations(households: list[Household]) -> tuple[int, int, int]:
    """By phase: three times the sum of commitments, less the feeder's sum; in thirds of a Wh."""
    total = sum(home.commitment_wh for home in households)
    a, b, c = (3 * sum(home.commitment_wh for home in households if home.phase == phase) - total for phase in PHASES)
    return a, b, c


def lower_bound(households: list[Household]) -> int:
    """The q of a feeder's ``households`` that no choice of phases for its switched ones goes below."""
    start = deviations(households)
    switched = [home for home in households if home.switch and home.commitment_wh]
    if not switched:
        return quarter_form(*start[:2])
    # All sums that can be reached lie on a grid.
    width = 3 * math.gcd(*(home.commitment_wh for home in switched))
    # Seen from zero its nearest point is at most one cell away in each direction; two are looked at.
    near = range(-2, 3)
    nearest = min(
        quarter_form(start[0] % width + i * width, start[1] % width + j * width) for i, j in product(near, near)
    )
    biggest = max(switched, key=lambda home: (abs(home.commitment_wh), home))
    return max(nearest, min(_with_biggest_on(place, biggest, households, start, width) for place in range(3)))


def _with_biggest_on(
    place: int, biggest: Household, households: list[Household], start: tuple[int, int, int], width: int
) -> int:
    """A bound with the biggest commitment on phase ``place``: a phase may be unable to come near a third of the sum."""
    total = sum(home.commitment_wh for home in households)
    others = [home.commitment_wh for home in households if home.switch and home != biggest]
    taken, injected = sum(energy for energy in others if energy > 0), sum(energy for energy in others if energy < 0)
    bounds = [0]
    for phase, name in enumerate(PHASES):
        still = sum(home.commitment_wh for home in households if not home.switch and home.phase == name)
        still += biggest.commitment_wh * (phase == place)
        low, high = 3 * (still + injected) - total, 3 * (still + taken) - total
        if low > 0 or high < 0:
            least = low if low > 0 else high
            # At the least deviation the other two phases share the rest as evenly as the grid allows; the next
            # deviation on the grid has at least a quarter of its square.
            other = start[(phase + 1) % 3]
            at_least = min(quarter_form(least, value) for value in _around(-least // 2, other, width))
            bounds.append(min(at_least, -((abs(least) + width) ** 2 // -4)))
    return max(bounds)


def _around(value: int, residue: int, width: int) -> Iterator[int]:
    below = value - (value - residue) % width
    return iter((below - width, below, below + width, below + 2 * width))
