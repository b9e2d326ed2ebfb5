"""Caps on what homes may commit to in a slot: the least restriction with which the forecast keeps the grid's limits.

A cap bounds what each account of a VDG may commit to (ADR 6), so with a cap of c no home draws more than c, or injects
more. Where the forecast breaks no limit there is none. Where it does, the VDG of the lowest priority is cut first, and
those of higher ones only as far as that isn't enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clients.common.grid.grid import Grid
from clients.common.grid.limits import KEPT, Breach, Limits, used, worst
from clients.common.grid.solution import Real
from clients.common.slots import SLOTS_PER_HOUR
from clients.dso.grid_chain import NO_CAP_WH

_AT_ONCE = 4096


class Vdg(NamedTuple):
    """A VDG of the network: its homes by number, and its rank among the others; a higher one is cut later."""

    vdg: str
    priority: int
    homes: tuple[int, ...]


class Cap(NamedTuple):
    """What each account of a VDG may commit to import and export in a slot (Wh), and why it may no more."""

    import_wh: int
    export_wh: int
    reason: str


class Forecast(NamedTuple):
    """What homes are expected to take (positive) or give (Wh, by number), on which phases (codes of `Grid.solve`)."""

    flows_wh: Real
    phases: NDArray[np.intp]


def least_caps(grid: Grid, forecast: Forecast, vdgs: list[Vdg], limits: Limits = KEPT) -> dict[str, Cap]:
    """The caps of a slot by VDG; empty where none is needed, and without those that need none.

    No cap that is given could be a Wh higher with the others as they are. Homes that belong to none of ``vdgs`` are
    cut by nobody. Where even caps of 0 leave a limit broken, by flows that no cap reaches, they are 0 and say so.
    """
    return _Search(grid, forecast, vdgs, limits).caps()


class _Search:
    """Looks for caps by direction: of import, of export, or of both at once."""

    def __init__(self, grid: Grid, forecast: Forecast, vdgs: list[Vdg], limits: Limits) -> None:
        self._grid = grid
        self._forecast = forecast
        self._limits = limits
        self._vdgs = vdgs
        self._tiers = [
            np.array([home for vdg in vdgs if vdg.priority == rank for home in vdg.homes], np.intp)
            for rank in sorted({vdg.priority for vdg in vdgs})
        ]

    def caps(self) -> dict[str, Cap]:
        why = self._worst(self._forecast.flows_wh)
        if why is None:
            return {}
        found = [self._least(*sides) for sides in ((True, False), (False, True), (True, True))]
        holding = [caps for caps in found if caps is not None]
        if not holding:
            nothing = {vdg.vdg: Cap(0, 0, f"{_told(why)}; no cap is enough") for vdg in self._vdgs}
            return nothing
        best = min(holding, key=lambda caps: self._taken_wh(*caps))
        return self._named(*best, why)

    def _least(self, on_import: bool, on_export: bool) -> tuple[Real, Real] | None:
        """The highest caps by home on these sides (infinite on the others) that hold, or None if none do."""
        sides = (on_import, on_export)
        caps = np.full((2, len(self._forecast.flows_wh)), np.inf)
        cut: list[NDArray[np.intp]] = []
        for tier in self._tiers:
            cut.append(tier)
            highest = self._highest(caps, tier, sides)
            self._set(caps, tier, sides, highest or 0)
            if highest is not None:
                break
        else:
            return None
        one_side = [side for side in ((True, False), (False, True)) if side[0] <= on_import and side[1] <= on_export]
        self._relax(caps, cut, one_side)
        for lower in cut[:-1]:
            # By so little nobody is cut for another's sake.
            without = np.maximum(caps - 1, 0)
            self._set(without, lower, sides, NO_CAP_WH)
            if not self._broken(self._clipped(*without)[None])[0]:
                caps = without
                self._relax(caps, cut, one_side)
        return caps[0], caps[1]

    def _relax(self, caps: Real, cut: list[NDArray[np.intp]], sides: list[tuple[bool, bool]]) -> None:
        """Raise caps that hold, the highest rank's first, until none can be a Wh higher with the others as they are.

        What holds stays so, and caps only rise: this comes to an end.
        """
        before = None
        while before is None or not np.array_equal(caps, before):
            before = caps.copy()
            for tier in reversed(cut):
                for side in sides:
                    self._set(caps, tier, side, self._highest(caps, tier, side) or 0)

    def _highest(self, caps: Real, tier: NDArray[np.intp], sides: tuple[bool, bool]) -> int | None:
        """The highest whole cap of a tier's homes with which no limit is broken, the others' being ``caps``."""
        most = int(np.ceil(max([0.0, *(self._side_wh(side)[tier].max(initial=0.0) for side in (0, 1) if sides[side])])))
        for high in range(most, -1, -_AT_ONCE):
            tried = np.arange(high, max(-1, high - _AT_ONCE), -1)
            cases = np.repeat(caps[None], len(tried), axis=0)
            for side in (0, 1):
                if sides[side]:
                    cases[:, side, tier] = tried[:, None]
            holds = np.flatnonzero(~self._broken(self._clipped(cases[:, 0], cases[:, 1])))
            if len(holds):
                return int(tried[holds[0]])
        return None

    def _set(self, caps: Real, tier: NDArray[np.intp], sides: tuple[bool, bool], cap_wh: int) -> None:
        """A cap at which nobody of the tier is cut is none."""
        for side in (0, 1):
            if sides[side]:
                needless = cap_wh >= self._side_wh(side)[tier].max(initial=0.0)
                caps[side, tier] = np.inf if needless else cap_wh

    def _side_wh(self, side: int) -> Real:
        flows_wh = self._forecast.flows_wh
        return np.maximum(flows_wh if side == 0 else -flows_wh, 0.0)

    def _clipped(self, import_wh: Real, export_wh: Real) -> Real:
        return np.minimum(np.maximum(self._forecast.flows_wh, -export_wh), import_wh)

    def _taken_wh(self, import_wh: Real, export_wh: Real) -> float:
        return float(np.abs(self._forecast.flows_wh - self._clipped(import_wh, export_wh)).sum())

    def _broken(self, flows_wh: Real) -> NDArray[np.bool_]:
        solution = self._grid.solve(flows_wh * SLOTS_PER_HOUR, phases=self._forecast.phases)
        return np.asarray(used(solution, self._limits) >= 1)

    def _worst(self, flows_wh: Real) -> Breach | None:
        solution = self._grid.solve(flows_wh[None] * SLOTS_PER_HOUR, phases=self._forecast.phases)
        return worst(solution, 0, self._limits) if used(solution, self._limits)[0] >= 1 else None

    def _named(self, import_wh: Real, export_wh: Real, why: Breach) -> dict[str, Cap]:
        caps = {}
        for vdg in self._vdgs:
            homes = list(vdg.homes)
            sides = [_least_of(side[homes]) for side in (import_wh, export_wh)]
            if min(sides) < NO_CAP_WH:
                caps[vdg.vdg] = Cap(sides[0], sides[1], _told(why))
        return caps


def _least_of(caps_wh: Real) -> int:
    least = float(caps_wh.min(initial=np.inf))
    return NO_CAP_WH if np.isinf(least) else int(least)


def _told(why: Breach) -> str:
    return f"forecast without caps: {why.as_text()}"


def vdgs_of(homes: Mapping[int, str], priorities: Mapping[str, int]) -> list[Vdg]:
    """The VDGs by name from the VDG of each home by number."""
    return [
        Vdg(vdg, priorities[vdg], tuple(sorted(number for number, name in homes.items() if name == vdg)))
        for vdg in sorted(priorities)
    ]
