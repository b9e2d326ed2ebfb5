"""The allocation of phases for a slot: (5.1) to (5.5) for each feeder, under the limits that all feeders share."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from clients.dso.phases.feeder import Frontier, Step, frontier
from clients.dso.phases.household import Household


class Status(StrEnum):
    """``optimal`` is proven; ``feasible`` means that something better may exist, by no more than the gap."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"


class Allocation(NamedTuple):
    """``phases`` by id, of all homes; objectives by feeder in Wh^2, before and after; ``gap_wh2`` is 0 if proven."""

    phases: dict[str, str]
    objective_wh2: dict[str, Fraction]
    before_wh2: dict[str, Fraction]
    switchings: list[str]
    status: Status
    gap_wh2: Fraction


def allocate(households: list[Household], max_switchings: int | None = None, hysteresis_wh2: int = 0) -> Allocation:
    """The allocation with the least sum of objectives over all feeders, plus ``hysteresis_wh2`` for every switching.

    Of equal ones it is one with the fewest switchings (that were found, if a search was too long to end), and the same
    whatever the order of ``households``. At most ``max_switchings`` homes (None: any number) leave their phase. Ids
    must differ.
    """
    feeders: dict[str, list[Household]] = {}
    for home in sorted(households):
        feeders.setdefault(home.feeder, []).append(home)
    most = len(households) if max_switchings is None else max_switchings
    worth = 3 * hysteresis_wh2
    frontiers = {name: frontier(homes, most, worth) for name, homes in sorted(feeders.items())}
    chosen = _choice(frontiers, most, worth)
    moved = {home: phase for step in chosen.values() for home, phase in step.moved.items()}
    exact = all(found.exact for found in frontiers.values())
    cost = sum(2 * step.q + worth * step.switchings for step in chosen.values())
    least = sum(_least(found, worth) for found in frontiers.values())
    return Allocation(
        phases={home.id: moved.get(home.id, home.phase) for home in sorted(households)},
        objective_wh2={name: Fraction(2 * step.q, 3) for name, step in chosen.items()},
        before_wh2={name: Fraction(2 * found.steps[0].q, 3) for name, found in frontiers.items()},
        switchings=sorted(moved),
        status=Status.OPTIMAL if exact or cost == least else Status.FEASIBLE,
        gap_wh2=Fraction(0) if exact else Fraction(cost - least, 3),
    )


def _least(found: Frontier, worth: int) -> int:
    """A lower bound of a feeder's cost in thirds of a Wh^2, whatever the limit of switchings lets it have."""
    proven = min(2 * step.q + worth * step.switchings for step in found.steps)
    return proven if found.exact else min(proven, 2 * found.bound)


def _choice(frontiers: dict[str, Frontier], most: int, worth: int) -> dict[str, Step]:
    """A step for each feeder: of the cheapest together, those with the fewest switchings."""
    # By number of switchings so far: the least cost with them, and the steps.
    reached: dict[int, tuple[int, dict[str, Step]]] = {0: (0, {})}
    for name, found in frontiers.items():
        following: dict[int, tuple[int, dict[str, Step]]] = {}
        for used, (cost, steps) in reached.items():
            for step in found.steps:
                total, together = cost + 2 * step.q + worth * step.switchings, used + step.switchings
                if together <= most and (together not in following or total < following[together][0]):
                    following[together] = (total, {**steps, name: step})
        reached = following
    _, fewest = min((cost, used) for used, (cost, _) in reached.items())
    return reached[fewest][1]
