"""Chapter 6's days: 50 homes with much PV, forecasts of yesterday, and control of what the grid can't carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from clients.common.grid import shipped
from clients.common.grid.grid import Grid
from clients.common.grid.limits import WATCHED, Limits, used
from clients.common.grid.metrics import deviation_percent
from clients.common.grid.solution import Solution
from clients.household.planner.planner import Planner
from studies.arrays import SLOTS, W_PER_WH, Real
from studies.controlled import Controlled, Held, Watch
from studies.day import Day
from studies.equipment import forecast_from_yesterday, homes_of, ideal_battery, margins_permille, thesis_50
from studies.flexibility import Costs, Flexibility
from studies.neighbourhood import Neighbourhood
from studies.prices import terms_of
from studies.profiles import Profiles, clearest_winter_day, sun_wh_per_kwp
from studies.switching import Switching

DEAR_CENT, REBATE_CENT = 20.0, 2.0
# 9 kWh, of which the market may use 6: 10 to 77 % (6.6.2).
BATTERY: Final = ideal_battery(9000, 0.1, 0.1 + 6 / 9)
_UNWATCHED = 1e9
_COSTS: Final = Costs()

# The grid's own limits watched, by the last slot and the commitments alone; what the DSO's service does, with the
# transformer watched from 70 % on like other thermal limits, and control that stays; and the thesis's limits, which are
# of voltages and lines only.
ON_AND_OFF: Final = Watch(Limits(9.0, 70.0, 100.0), Limits(), stays=False)
STAYING: Final = Watch(WATCHED, Limits(), stays=True)
THESIS: Final = Watch(Limits(9.0, 70.0, _UNWATCHED), Limits(transformer_percent=_UNWATCHED), stays=True)


@dataclass(frozen=True)
class Case:
    """A day: ``panels`` as a multiple of 3 to 5 kWp, ``forecast_error`` as the share of yesterday in forecasts."""

    seed: int
    day: int
    panels: float = 1.0
    forecast_error: float = 1.0
    costs: Costs = _COSTS


class Lived(NamedTuple):
    """A day as it went: the grid's solution, and what was done about it."""

    day: Day
    solution: Solution
    sessions: list[Held]
    watched: list[int]

    def broken(self, limits: Limits) -> list[int]:
        """The slots that break a limit."""
        return [int(slot) for slot in np.flatnonzero(used(self.solution, limits) >= 1)]

    def broken_in_control(self, limits: Limits) -> list[int]:
        """The slots that break a limit although a session was held."""
        held = {session.slot for session in self.sessions}
        return [slot for slot in self.broken(limits) if slot in held]

    def used(self, limits: Limits) -> float:
        """How much of its worst limit the day uses, 1 being all of it."""
        return float(used(self.solution, limits).max())

    def peak_a(self) -> float:
        """The greatest current of any line, A."""
        return float(self.solution.line_phase_a.max(initial=0.0))

    def deviation_percent(self) -> Real:
        """The greatest voltage deviation of each slot."""
        return np.asarray(np.abs(deviation_percent(self.solution)).max(axis=(1, 2)))


class Noon:
    """All days of all seeds, which the sun makes as different as it was in the days up to the winter's clearest."""

    def __init__(self, days: int) -> None:
        self.network = shipped.load("thesis-50")
        self._grid = Grid(self.network)
        self._planner = Planner()
        self._switching = Switching(self.network)
        self._days = days
        self._clearest = clearest_winter_day()

    def live(self, case: Case, watch: Watch, *, switched: frozenset[int] = frozenset(), control: bool = False) -> Lived:
        """A day with the market; homes with a switch are moved, and control runs if it is wanted and needed."""
        profiles = Profiles(case.seed, len(self.network.homes), self._days)
        equipment = thesis_50("D", case.seed, BATTERY, case.panels)
        margins = margins_permille(len(equipment), case.seed)
        sun, before = (sun_wh_per_kwp(self._clearest, case.day + 1 - self._days - ago) for ago in (0, 1))
        homes = homes_of(self.network, equipment, profiles, case.day, sun, margins)
        yesterday = homes_of(self.network, equipment, profiles, case.day - 1, before, margins)
        homes = forecast_from_yesterday(homes, yesterday, case.forecast_error)
        terms = terms_of(before, DEAR_CENT, REBATE_CENT)
        flexibility = Flexibility(homes, terms, before, case.costs)
        operate = Controlled(self._grid, flexibility, watch, switched=switched, control=control)
        neighbourhood = Neighbourhood(homes, terms, self._planner, draw=case.seed)
        day = neighbourhood.live(market=True, operate=operate, batteries=flexibility.stores(homes))
        solution = self._grid.solve(day.flow_wh * W_PER_WH, phases=operate.phases)
        return Lived(day, solution, operate.sessions, operate.watched)

    def switched(self, days: list[Lived], switches: int) -> frozenset[int]:
        """The homes whose switches balance the mean flows of sunny hours best (mean-based selection, 5.4.2.1)."""
        sunny = slice(SLOTS * 10 // 24, SLOTS * 14 // 24)
        mean_wh = np.mean([lived.day.flow_wh[sunny].mean(axis=0) for lived in days], axis=0)
        moved = self._switching.moved_for_good(mean_wh, switches)
        return frozenset(int(home) for home in np.flatnonzero(moved != self._switching.own))
