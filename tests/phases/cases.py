"""Feeders for the tests of the allocation, and the exact answer to small ones by trying everything."""

from __future__ import annotations

import random
from collections.abc import Callable
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


def _uniform(chance: random.Random, _number: int) -> tuple[str, int]:
    return chance.choice(PHASES), chance.randint(-3000, 1500)


def _one_phase(chance: random.Random, _number: int) -> tuple[str, int]:
    return "a", chance.randint(100, 900)


def _alike(chance: random.Random, _number: int) -> tuple[str, int]:
    return chance.choice(PHASES), chance.randint(-2000, -1900)


def _powers(chance: random.Random, number: int) -> tuple[str, int]:
    return chance.choice(PHASES), chance.choice((-1, 1)) * 2 ** (number % 20)


def _dominated(chance: random.Random, number: int) -> tuple[str, int]:
    return chance.choice(PHASES), (-30_000, 21_000)[number] if number < 2 else chance.randint(-300, 400)


def _noon(chance: random.Random, number: int) -> tuple[str, int]:
    return chance.choice(PHASES), chance.randint(-2000, -1700) if number % 3 else chance.randint(30, 120)


# Phases and commitments (Wh) of a feeder's homes by the kind of its slot.
FAMILIES: dict[str, Callable[[random.Random, int], tuple[str, int]]] = {
    "-3 to 1.5 kWh": _uniform,
    "0.1 to 0.9 kWh, all on one phase": _one_phase,
    "alike: -2 to -1.9 kWh": _alike,
    "powers of 2 Wh, both directions": _powers,
    "two of -30 and 21 kWh, the others small": _dominated,
    "noon: two in three -2 to -1.7 kWh, the others small": _noon,
}


def family(name: str, seed: int, switches: int) -> list[Household]:
    """A feeder of so many homes of a family, all with a switch."""
    chance = random.Random(f"{seed} {switches}")
    return [Household(f"h{number:02}", "f", *FAMILIES[name](chance, number), True) for number in range(switches)]


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
