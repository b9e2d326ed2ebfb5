"""The most critical day of a week, with panels that just break a limit, lived in several ways."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from clients.common.grid.limits import Limits
from studies.controlled import Watch
from studies.noon import ON_AND_OFF, STAYING, THESIS, Case, Lived, Noon

# The homes with a switch: 12 %, what chapter 5 needs at most.
SWITCHES: Final = 6
# Panels grow by this until the day breaks a limit, up to so many times the usual ones.
_STEP, _MOST = 0.25, 4.0


class Way(NamedTuple):
    """How a day is lived: what is watched, with switches or not, with control or not; for which limits."""

    watch: Watch
    switches: bool
    control: bool


FREE: Final = "neither"
MOVED: Final = "switches"
INTERMITTENT: Final = "control on and off, switches"
ALONE: Final = "control that stays"
BOTH: Final = "control that stays, switches"
THESIS_FREE: Final = "thesis's limits: neither"
THESIS_BOTH: Final = "thesis's limits: control that stays, switches"
WAYS: Final = {
    FREE: Way(STAYING, switches=False, control=False),
    MOVED: Way(STAYING, switches=True, control=False),
    INTERMITTENT: Way(ON_AND_OFF, switches=True, control=True),
    ALONE: Way(STAYING, switches=False, control=True),
    BOTH: Way(STAYING, switches=True, control=True),
    THESIS_FREE: Way(THESIS, switches=False, control=False),
    THESIS_BOTH: Way(THESIS, switches=True, control=True),
}


@dataclass(frozen=True)
class Critical:
    """A seed's most critical day: its two cases (all limits, the thesis's), its switches, and how it went each way."""

    case: Case
    thesis_case: Case
    switched: frozenset[int]
    lived: dict[str, Lived]


def critical(noon: Noon, seed: int, days: int) -> Critical:
    """Find the day, and live it in all ways."""
    week = [Case(seed, day) for day in range(days)]
    switched = noon.switched([noon.live(case, STAYING) for case in week], SWITCHES)
    case, free = _until_broken(noon, week, STAYING.limits)
    thesis_case, thesis_free = _until_broken(noon, [case], THESIS.limits)
    lived = {FREE: free, THESIS_FREE: thesis_free}
    for name, way in WAYS.items():
        if name not in lived:
            lived[name] = live(noon, thesis_case if way.watch is THESIS else case, way, switched)
    return Critical(case, thesis_case, switched, {name: lived[name] for name in WAYS})


def live(noon: Noon, case: Case, way: Way, switched: frozenset[int]) -> Lived:
    """Live a case in one way."""
    return noon.live(case, way.watch, switched=switched if way.switches else frozenset(), control=way.control)


def _until_broken(noon: Noon, cases: list[Case], limits: Limits) -> tuple[Case, Lived]:
    """The case with the smallest panels, no smaller than its own, that break a limit (or the largest there are).

    Of several days it is the one that breaks it most: which that is depends on the panels, since a dull day is worse
    than a clear one as long as loads are what the grid has to carry.
    """
    while True:
        lived = [noon.live(case, STAYING) for case in cases]
        worst = max(range(len(cases)), key=lambda index: lived[index].used(limits))
        if lived[worst].broken(limits) or cases[worst].panels >= _MOST:
            return cases[worst], lived[worst]
        cases = [replace(case, panels=case.panels + _STEP) for case in cases]
