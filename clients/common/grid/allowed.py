"""How much may flow at each PCC: the sensitivity analysis of the thesis (chapter 6, 4.6).

A PCC is a phase of a feeder. Its aggregate is raised (or lowered) step by step from what is planned, the change going
to its homes in proportion to what each takes (or gives) already, until a solved flow breaks a limit: so far it may
go *alone*, while the others keep to their plans. As phases act on each other through the neutral, and feeders through
the transformer, what each may do alone need not be allowed to all; bounds *together* are drawn in until every corner
holds.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.grid import PHASE_CODES, Grid
from clients.common.grid.limits import Limits, used, worst
from clients.common.grid.solution import Real, Solution

_STEPS = 24
_ROUNDS = 3
_SECONDS_PER_HOUR = 3600
# Of the transformer's rating: a third each way, and something for losses. No phase gets beyond.
_BEYOND_RATING = 0.8
# A search that starts on the very brink would take any change on another phase for too much.
_MARGIN = 0.95


class Bounds(NamedTuple):
    """Least and greatest aggregate in Wh, and the limit that would be broken beyond each ("" where none was met)."""

    min_wh: int
    max_wh: int
    min_reason: str
    max_reason: str


@dataclass(frozen=True)
class Allowance:
    """What a PCC may draw in a slot; negative is given. ``phase`` is "abc" for homes that have all three.

    ``together`` holds for all PCCs at once in any combination, ``alone`` while all others keep to their plans.
    """

    feeder: str
    phase: str
    households: tuple[str, ...]
    planned_wh: float
    alone: Bounds
    together: Bounds


class _Pcc(NamedTuple):
    feeder: str
    phase: str
    homes: list[int]


class _Reach(NamedTuple):
    """The greatest step of each search that breaks no limit, and the limit that the next step breaks."""

    steps: Real
    reasons: list[str]


def allowed_aggregates(
    grid: Grid,
    planned_w: ArrayLike,
    q_var: ArrayLike | None = None,
    phases: ArrayLike | None = None,
    limits: Limits | None = None,
    slot_seconds: float = 600,
) -> tuple[Allowance, ...]:
    """The allowance of each PCC that has homes, by feeder and phase.

    Where the plan itself breaks a limit, all flows are first scaled down together until none is broken, with a
    margin, and the search starts from there; bounds may then exclude what is planned. Where not even idle homes hold,
    bounds are 0 and say why.

    Args:
        grid: the network.
        planned_w: mean power that each home is planned to take in the slot, shape (homes,).
        q_var: its reactive power, which stays as it is, shape (homes,); none if left out.
        phases: the phase of each home as in `Grid.solve`, shape (homes,); the network's own if left out.
        limits: what must hold; the defaults of `Limits` if left out.
        slot_seconds: the slot's length.

    Raises:
        ValueError: as `Grid.solve`, or ``slot_seconds`` is not positive.
    """
    if not slot_seconds > 0:
        raise ValueError(f"slot_seconds is {slot_seconds}, not positive")
    planned = np.asarray(planned_w, np.float64)
    reactive = np.zeros_like(planned) if q_var is None else np.asarray(q_var, np.float64)
    own = [PHASE_CODES[home.phase] for home in grid.network.homes]
    on = np.asarray(own if phases is None else phases, np.intp)
    return _Search(grid, reactive, on, limits or Limits()).allowances(planned, slot_seconds / _SECONDS_PER_HOUR)


class _Search:
    """Looks for bounds in one slot. PCC k has two ways to go, 2 k down and 2 k + 1 up."""

    def __init__(self, grid: Grid, q_var: Real, on: NDArray[np.intp], limits: Limits) -> None:
        self._grid, self._q_var, self._on, self._limits = grid, q_var, on, limits
        self._pccs = _pccs(grid, on)

    def allowances(self, planned_w: Real, hours: float) -> tuple[Allowance, ...]:
        start_w, impossible = self._start(planned_w)
        if impossible:
            bounds = [Bounds(0, 0, impossible, impossible)] * len(self._pccs)
            return self._named(planned_w, hours, bounds, bounds)
        # How much of a watt goes to each home, (ways, homes).
        ways = np.array([way for pcc in self._pccs for way in _ways(pcc, start_w)]).reshape(-1, len(start_w))
        top_w = _BEYOND_RATING * self._grid.network.transformer.rating_va * self._limits.transformer_percent / 100
        reach = self._reach(lambda steps: start_w + steps[:, :, None] * ways[:, None, :], len(ways), top_w)
        alone = self._bounds(start_w, reach, hours)
        corners = self._corners() * reach.steps
        together = self._bounds(start_w, self._drawn_in(start_w, corners, ways, reach), hours)
        return self._named(planned_w, hours, alone, together)

    def _drawn_in(self, start_w: Real, corners: Real, ways: Real, alone: _Reach) -> _Reach:
        """Bounds of which every corner holds; ``corners`` (corners, ways) are at the ends alone.

        First each side, all ways down and all ways up, is drawn in by a factor of its own: where nearly too much is
        drawn, that is no reason to forbid drawing less. Then both are, by one factor, as far as they meet.
        """
        shares = np.ones(len(ways))
        why = [""] * len(ways)
        up = np.arange(len(ways)) % 2 == 1
        for side in (~up, up, up | ~up):
            share = self._reach_together(start_w, corners * shares * side @ ways)
            if share.reasons:
                shares[side] *= share.steps[0]
                why = [share.reasons[0] if here else text for text, here in zip(why, side, strict=True)]
        reasons = [
            f"while others are at their bounds, {text}" if text else old
            for text, old in zip(why, alone.reasons, strict=True)
        ]
        return _Reach(shares * alone.steps, reasons)

    def _broken(self, p_w: Real) -> tuple[Solution, NDArray[np.bool_]]:
        """Flows (cases, homes), solved, and which cases break a limit."""
        solution = self._grid.solve(p_w, np.broadcast_to(self._q_var, p_w.shape), self._on)
        return solution, used(solution, self._limits) >= 1

    def _start(self, planned_w: Real) -> tuple[Real, str]:
        """The plan, scaled down as far as it must be; or why even nothing is too much."""
        if not self._broken(planned_w[None])[1][0]:
            return planned_w, ""
        solution, broken = self._broken(np.zeros((1, len(planned_w))))
        if broken[0]:
            return planned_w, worst(solution, 0, self._limits).as_text()
        share = self._reach(lambda steps: steps[:, :, None] * planned_w, 1, 1.0).steps[0]
        return _MARGIN * share * planned_w, ""

    def _reach(self, flows_at: Callable[[Real], Real], searches: int, top: float) -> _Reach:
        """How far each search gets from 0, which breaks no limit, towards ``top``.

        ``flows_at`` gives the flows (searches, steps, homes) for steps (searches, steps). Each round divides the
        interval in which the first broken step was found.
        """
        low, width = np.zeros(searches), top
        reasons = [""] * searches
        ends = np.zeros(searches, bool)
        for _ in range(_ROUNDS):
            steps = low[:, None] + width * np.arange(1, _STEPS + 1) / _STEPS
            p_w = flows_at(steps)
            solution, broken = self._broken(p_w.reshape(searches * _STEPS, -1))
            broken = broken.reshape(searches, _STEPS)
            good = np.where(broken.any(axis=1), broken.argmax(axis=1), _STEPS)
            # A search that met no limit has ended at the top.
            good[ends] = 0
            ends |= good == _STEPS
            for search in np.flatnonzero(~ends):
                reasons[search] = worst(solution, int(search * _STEPS + good[search]), self._limits).as_text()
            low += width * good / _STEPS
            width /= _STEPS
        return _Reach(low, reasons)

    def _corners(self) -> NDArray[np.float64]:
        """Which ways are gone to their ends in each corner, (corners, ways).

        All combinations within a feeder, and with each of them all combinations elsewhere in which the other feeders'
        PCCs of a phase go the same way, or stay: feeders touch each other through the transformer alone, where only
        sums by phase matter.
        """
        feeders = list(dict.fromkeys(pcc.feeder for pcc in self._pccs))
        rows = []
        for feeder in feeders:
            here = [number for number, pcc in enumerate(self._pccs) if pcc.feeder == feeder]
            elsewhere: dict[str, list[int]] = defaultdict(list)
            for number, pcc in enumerate(self._pccs):
                if pcc.feeder != feeder:
                    elsewhere[pcc.phase].append(number)
            for ups in itertools.product((0, 1), repeat=len(here)):
                row = np.zeros(2 * len(self._pccs))
                row[[2 * number + up for number, up in zip(here, ups, strict=True)]] = 1
                rows.append(row)
                for other_ups in itertools.product((0, 1), repeat=len(elsewhere)):
                    both = row.copy()
                    for numbers, up in zip(elsewhere.values(), other_ups, strict=True):
                        both[[2 * number + up for number in numbers]] = 1
                    rows.append(both)
        return np.array(rows).reshape(-1, 2 * len(self._pccs))

    def _reach_together(self, start_w: Real, corners_w: Real) -> _Reach:
        """The share of the way to all corners (corners, homes) that breaks no limit at any; no reason if all of it."""
        _, broken = self._broken(start_w + corners_w)
        if not broken.any():
            return _Reach(np.ones(1), [])
        bad = np.flatnonzero(broken)
        reach = self._reach(lambda steps: start_w + steps[:, :, None] * corners_w[bad][:, None, :], len(bad), 1.0)
        first = int(reach.steps.argmin())
        return _Reach(reach.steps[first : first + 1], [reach.reasons[first]])

    def _bounds(self, start_w: Real, reach: _Reach, hours: float) -> list[Bounds]:
        bounds = []
        for number, pcc in enumerate(self._pccs):
            here_w = float(start_w[pcc.homes].sum())
            down, up = 2 * number, 2 * number + 1
            least, most = (here_w - reach.steps[down]) * hours, (here_w + reach.steps[up]) * hours
            bounds.append(Bounds(math.ceil(least), math.floor(most), reach.reasons[down], reach.reasons[up]))
        return bounds

    def _named(
        self, planned_w: Real, hours: float, alone: list[Bounds], together: list[Bounds]
    ) -> tuple[Allowance, ...]:
        homes = self._grid.network.homes
        return tuple(
            Allowance(
                feeder=pcc.feeder,
                phase=pcc.phase,
                households=tuple(homes[number].id for number in pcc.homes),
                planned_wh=float(planned_w[pcc.homes].sum() * hours),
                alone=alone[index],
                together=together[index],
            )
            for index, pcc in enumerate(self._pccs)
        )


def _pccs(grid: Grid, on: NDArray[np.intp]) -> list[_Pcc]:
    feeders = feeder_of_bus(grid.network)
    names = list(PHASE_CODES)
    homes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, home in enumerate(grid.network.homes):
        homes[feeders[home.bus], names[on[number]]].append(number)
    return [_Pcc(feeder, phase, homes[feeder, phase]) for feeder, phase in sorted(homes)]


def _ways(pcc: _Pcc, start_w: Real) -> tuple[Real, Real]:
    """How a watt less and a watt more is shared: as homes give and take already, equally where none does."""
    ways = []
    for sign in (-1, 1):
        share = np.zeros(len(start_w))
        moved = np.maximum(sign * start_w[pcc.homes], 0)
        share[pcc.homes] = moved / moved.sum() if moved.sum() > 0 else 1 / len(pcc.homes)
        ways.append(sign * share)
    return ways[0], ways[1]
