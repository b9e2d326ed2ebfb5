"""The allocation of phases for a slot: (5.1) to (5.5) for each feeder, under the limits that all feeders share."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from clients.dso.phases.bound import deviations, lower_bound, quarter_form
from clients.dso.phases.feeder import frontier
from clients.dso.phases.household import Household
from clients.dso.phases.optimum import optimum
from clients.dso.phases.windows import Found


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
    chosen, least = _chosen(dict(sorted(feeders.items())), most, worth)
    moved = {home: phase for step in chosen.values() for home, phase in step.moved.items()}
    gap = _cost(chosen, worth) - least
    return Allocation(
        phases={home.id: moved.get(home.id, home.phase) for home in sorted(households)},
        objective_wh2={name: Fraction(2 * step.q, 3) for name, step in chosen.items()},
        before_wh2={name: _objective(homes) for name, homes in sorted(feeders.items())},
        switchings=sorted(moved),
        status=Status.FEASIBLE if gap else Status.OPTIMAL,
        gap_wh2=Fraction(gap, 3),
    )


def _chosen(feeders: dict[str, list[Household]], most: int, worth: int) -> tuple[dict[str, Found], int]:
    """A step for each feeder, and a cost that no allocation of all goes below."""
    quick = {name: frontier(homes, most, worth, lower_bound(homes), thorough=False) for name, homes in feeders.items()}
    if all(found.exact for found in quick.values()):
        chosen = _choice({name: found.steps for name, found in quick.items()}, most, worth)
        return chosen, _cost(chosen, worth)
    best = {name: optimum(homes, most, worth) for name, homes in feeders.items()}
    least = sum(found.least_cost for found in best.values())
    if sum(len(found.found.moved) for found in best.values()) <= most:
        return {name: found.found for name, found in best.items()}, least
    # The feeders compete for switchings.
    thorough = {
        name: frontier(homes, most, worth, best[name].least_q, thorough=True) for name, homes in feeders.items()
    }
    chosen = _choice({name: found.steps for name, found in thorough.items()}, most, worth)
    return chosen, _cost(chosen, worth) if all(found.exact for found in thorough.values()) else least


def _cost(chosen: dict[str, Found], worth: int) -> int:
    return sum(step.cost(worth)[0] for step in chosen.values())


def _objective(homes: list[Household]) -> Fraction:
    return Fraction(2 * quarter_form(*deviations(homes)[:2]), 3)


def _choice(steps: dict[str, list[Found]], most: int, worth: int) -> dict[str, Found]:
    """A step for each feeder: of the cheapest together, those with the fewest switchings."""
    # By number of switchings so far: the least cost with them, and the steps.
    reached: dict[int, tuple[int, dict[str, Found]]] = {0: (0, {})}
    for name, found in steps.items():
        following: dict[int, tuple[int, dict[str, Found]]] = {}
        for used, (cost, chosen) in reached.items():
            for step in found:
                total, together = cost + step.cost(worth)[0], used + len(step.moved)
                if together <= most and (together not in following or total < following[together][0]):
                    following[together] = (total, {**chosen, name: step})
        reached = following
    _, fewest = min((cost, used) for used, (cost, _) in reached.items())
    return reached[fewest][1]
