"""Feeders for the tests of the allocation, and the exact answer to small ones by trying everything."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

from clients.dso.phases.household import PHASES, Household


def feeder(seed: int, switches: int, most_wh: int = 2000, name: str = "f") -> list[Household]:
    """A feeder of so many switched homes; a quarter as many have none."""
    chance = random.Random(seed)
    return [
        Household(
            f"{name}{number:02}", name, chance.choice(PHASES), chance.randint(-most_wh, most_wh // 2), number < switches
        )
        for number in range(switches + switches // 4)
    ]


def objective(homes: list[Household], phases: dict[str, str]) -> Fraction:
    """The sum of squares of (5.1) in Wh^2, straight from its definition."""
    mean = Fraction(sum(home.commitment_wh for home in homes), 3)
    sums = dict.fromkeys(PHASES, 0)
    for home in homes:
        sums[phases[home.id]] += home.commitment_wh
    return sum(((mean - flow) ** 2 for flow in sums.values()), Fraction(0))


def total(homes: list[Household], phases: dict[str, str]) -> Fraction:
    """The objective summed over all feeders."""
    names = sorted({home.feeder for home in homes})
    return sum((objective([home for home in homes if home.feeder == name], phases) for name in names), Fraction(0))


def by_enumeration(homes: list[Household], most: int | None = None, hysteresis_wh2: int = 0) -> tuple[Fraction, int]:
    """The least cost and, of the allocations that have it, the fewest switchings."""
    answers = []
    for choice in product(*(PHASES if home.switch else (home.phase,) for home in homes)):
        switchings = sum(phase != home.phase for phase, home in zip(choice, homes, strict=True))
        if most is None or switchings <= most:
            phases = {home.id: phase for home, phase in zip(homes, choice, strict=True)}
            answers.append((total(homes, phases) + hysteresis_wh2 * switchings, switchings))
    return min(answers)
