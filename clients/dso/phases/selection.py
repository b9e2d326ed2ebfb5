"""Which homes should get a phase switch: the three heuristics of the thesis (5.2.1 to 5.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from clients.dso.phases.allocation import Status, allocate
from clients.dso.phases.household import PHASES, Household


class Method(StrEnum):
    """How homes are selected."""

    MEAN_BASED = "mean_based"
    HIGHEST_AVERAGE_FLOW = "highest_average_flow"
    HYBRID = "hybrid"


class Candidate(NamedTuple):
    """A home, what it takes (positive) or injects (negative) on average, and whether it may get a switch."""

    id: str
    feeder: str
    phase: str
    mean_wh: int
    pv: bool
    eligible: bool = True


class Chosen(NamedTuple):
    """A selected home and why it was: ``reason`` is in words."""

    id: str
    reason: str


class Selection(NamedTuple):
    """The homes in the order in which they were chosen; ``status`` is that of the allocation behind it, if one is."""

    chosen: list[Chosen]
    status: Status | None


class _Rank(NamedTuple):
    """Smaller is better: first by how its feeder fares, then by how well it fits, how much it moves, and its id."""

    less_vuf_percent: float
    tier: int
    negative_flow_wh: int
    id: str


# Phase voltages of a feeder, phase to neutral, averaged over a long time (V).
Voltages = Mapping[str, Mapping[str, float]]
# Voltage unbalance by feeder, averaged over its buses and a long time (percent).
Unbalance = Mapping[str, float]


def select(
    candidates: list[Candidate],
    switches: int,
    method: Method,
    voltages_v: Voltages | None = None,
    vuf_percent: Unbalance | None = None,
) -> Selection:
    """At most ``switches`` homes that should get a switch.

    Mean-based: those that a static allocation (5.1) of the average flows would put on another phase, of all
    allocations with so many moves the best. Highest average flow: homes with PV on the phase of the highest average
    voltage, and homes without on the others, first on that of the lowest; of these the ones that inject, or take, most.
    Hybrid: the second, applied to those that the first, not limited in number, would move; others of these fill up.

    ``voltages_v`` by feeder and phase decides what highest and lowest are; without a feeder's voltages the average
    flows do, as the phase that takes least has the highest voltage. With ``vuf_percent`` the feeder with the highest
    unbalance comes first, in the last two methods; the thesis places switches one by one so (5.4.2), and measures
    anew before the next. Ids must differ.
    """
    if method is Method.MEAN_BASED:
        moved, status = _moved(candidates, switches)
        by_id = {home.id: home for home in candidates}
        ordered = sorted(moved, key=lambda name: (-abs(by_id[name].mean_wh), name))
        return Selection([Chosen(name, f"on average better on phase {moved[name]}") for name in ordered], status)
    if method is Method.HIGHEST_AVERAGE_FLOW:
        ranked = _ranked(candidates, candidates, voltages_v or {}, vuf_percent or {})
        return Selection([chosen for tier, chosen in ranked if tier < _OTHERS][:switches], None)
    moved, status = _moved(candidates, None)
    among = [home for home in candidates if home.id in moved]
    ranked = _ranked(candidates, among, voltages_v or {}, vuf_percent or {})
    return Selection([chosen for _, chosen in ranked][:switches], status)


def extremes(candidates: list[Candidate], feeder: str, voltages_v: Voltages) -> tuple[str, str]:
    """The phases of a feeder with the highest and with the lowest average voltage; the first of equal ones."""
    if feeder in voltages_v:
        level = {phase: float(voltages_v[feeder][phase]) for phase in PHASES}
    else:
        level = {
            phase: -float(sum(home.mean_wh for home in candidates if (home.feeder, home.phase) == (feeder, phase)))
            for phase in PHASES
        }
    return max(PHASES, key=lambda phase: level[phase]), min(PHASES, key=lambda phase: level[phase])


_FITTING, _MIDDLE, _OTHERS = range(3)


def _ranked(
    candidates: list[Candidate], among: list[Candidate], voltages_v: Voltages, vuf_percent: Unbalance
) -> list[tuple[int, Chosen]]:
    """Those of ``among`` that may get a switch with their tiers, the best first."""
    phases = {home.feeder: extremes(candidates, home.feeder, voltages_v) for home in candidates}
    ranked: list[tuple[_Rank, str]] = []
    for home in among:
        if not home.eligible:
            continue
        highest, lowest = phases[home.feeder]
        feeder = -vuf_percent.get(home.feeder, 0.0)
        flow_wh = -home.mean_wh if home.pv else home.mean_wh
        what = "injects" if home.pv else "takes"
        if flow_wh <= 0 or (home.pv and home.phase != highest) or (not home.pv and home.phase == highest):
            rank, where = _Rank(feeder, _OTHERS, -abs(home.mean_wh), home.id), f"moved by the means, phase {home.phase}"
        elif home.pv or home.phase == lowest:
            end = "highest" if home.pv else "lowest"
            rank, where = _Rank(feeder, _FITTING, -flow_wh, home.id), f"phase {home.phase}, of the {end} voltage"
        else:
            rank, where = _Rank(feeder, _MIDDLE, -flow_wh, home.id), f"phase {home.phase}, not of the highest voltage"
        text = f"{what} {flow_wh} Wh on average, {where}" if rank.tier != _OTHERS else where
        ranked.append((rank, text))
    return [(rank.tier, Chosen(rank.id, text)) for rank, text in sorted(ranked)]


def _moved(candidates: list[Candidate], most: int | None) -> tuple[dict[str, str], Status]:
    """The homes that the best static allocation of the average flows moves, and to which phase."""
    homes = [Household(each.id, each.feeder, each.phase, each.mean_wh, each.eligible) for each in candidates]
    found = allocate(homes, most)
    return {name: found.phases[name] for name in found.switchings}, found.status
