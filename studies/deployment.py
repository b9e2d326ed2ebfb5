"""How many homes have to be moved as PV and batteries spread from scenario A to D (5.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from clients.common.grid.metrics import Metrics
from clients.dso.phases.selection import Method
from studies.switching import Phases
from studies.week import Week

# Nobody moves more homes than these; a scenario that needs more counts as not solved.
MOST: Final = 12


class Step(NamedTuple):
    """What a scenario needs: homes moved for good or switches, in all so far, and whether they are enough."""

    scenario: str
    static: int
    static_enough: bool
    dynamic: int
    dynamic_enough: bool
    better: int
    better_enough: bool


class Outcome(NamedTuple):
    """A scenario's metrics of each day: without market, with it, and with what `Step` counts."""

    without: list[Metrics]
    unswitched: list[Metrics]
    static: list[Metrics]
    dynamic: list[Metrics]
    better: list[Metrics]


def deploy(weeks: dict[str, Week]) -> tuple[list[Step], dict[str, Outcome]]:
    """Go through the scenarios in their order: what is moved or installed stays, and more comes when it must.

    Static moves and the first switches are as few as keep every day's greatest VUF no higher than without the market;
    ``better`` as few switches as are nowhere worse than the static approach in greatest VUF and greatest deviation.
    """
    steps, outcomes = [], {}
    moved: Phases | None = None
    static, dynamic, better = 0, list[int](), list[int]()
    for scenario, week in weeks.items():
        without, start = week.unmoved(), week.switching.own if moved is None else moved

        def as_without(found: list[Metrics], limit: list[Metrics] = without) -> bool:
            return _no_worse(found, limit, vuf)

        count, statics, moved = _fewest_moves(week, start, as_without)
        static += count
        dynamic, dynamics = _fewest_switches(week, dynamic, as_without)

        def as_static(found: list[Metrics], limit: list[Metrics] = statics) -> bool:
            return _no_worse(found, limit, vuf) and _no_worse(found, limit, deviation)

        better, betters = _fewest_switches(week, better, as_static)
        steps.append(
            Step(
                scenario,
                static,
                as_without(statics),
                len(dynamic),
                as_without(dynamics),
                len(better),
                as_static(betters),
            )
        )
        outcomes[scenario] = Outcome(without, week.static(week.switching.own), statics, dynamics, betters)
    return steps, outcomes


def vuf(metrics: Metrics) -> float:
    """A day's greatest voltage unbalance, percent."""
    return metrics.max_vuf_percent


def deviation(metrics: Metrics) -> float:
    """A day's greatest voltage deviation either way, percent."""
    return max(metrics.highest_deviation_percent, -metrics.lowest_deviation_percent)


def _no_worse(found: Sequence[Metrics], limit: Sequence[Metrics], of: Callable[[Metrics], float]) -> bool:
    return all(of(one) <= of(other) for one, other in zip(found, limit, strict=True))


def _fewest_moves(
    week: Week, start: Phases, enough: Callable[[list[Metrics]], bool]
) -> tuple[int, list[Metrics], Phases]:
    """How many more homes are moved for good; if no number is enough, the one with the least of the greatest VUF."""
    tried = []
    for count in range(MOST + 1):
        phases = week.switching.moved_for_good(week.mean_wh, count, week.trading, start)
        found = week.static(phases)
        if enough(found):
            return int(np.sum(phases != start)), found, phases
        tried.append((max(map(vuf, found)), count, found, phases))
    _, _, found, phases = min(tried, key=lambda one: one[:2])
    return int(np.sum(phases != start)), found, phases


def _fewest_switches(
    week: Week, installed: list[int], enough: Callable[[list[Metrics]], bool]
) -> tuple[list[int], list[Metrics]]:
    """The homes with switches, ``installed`` and as few more as are enough; else those with the least greatest VUF."""
    tried, switched = [], installed
    while True:
        found = week.dynamic(switched)
        if enough(found):
            return switched, found
        tried.append((max(map(vuf, found)), len(switched), found, switched))
        more = week.selected(Method.HYBRID, 1, switched) if len(switched) < MOST else switched
        if more == switched:
            break
        switched = more
    _, _, found, switched = min(tried, key=lambda one: one[:2])
    return switched, found
