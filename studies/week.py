"""Days of one seed and one set of equipment, with and without the market, on whatever phases homes are put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.grid import Grid
from clients.common.grid.metrics import Metrics
from clients.common.grid.network import PHASES
from clients.common.grid.solution import Solution
from clients.dso.phases.selection import Candidate, Method, Unbalance, Voltages, select
from clients.household.planner.planner import Planner
from studies.arrays import W_PER_WH, Real
from studies.day import Day
from studies.effect import measured
from studies.equipment import Equipment, homes_of, margins_permille
from studies.neighbourhood import Neighbourhood
from studies.prices import terms_of
from studies.profiles import Profiles, clearest_winter_day, sun_wh_per_kwp
from studies.switching import Phases, Switching

DEAR_CENT, REBATE_CENT = 20.0, 2.0


@dataclass(frozen=True, eq=False)
class Week:
    """Lived days, and what the DSO knows of them."""

    grid: Grid
    equipment: list[Equipment]
    switching: Switching
    without: list[Day]
    with_market: list[Day]
    _moved: dict[frozenset[int], list[Phases]] = field(default_factory=dict)

    @property
    def mean_wh(self) -> Real:
        """What each home took (or injected) on average in a day with the market, Wh: (homes,)."""
        return np.asarray(np.mean([day.flow_wh.sum(axis=0) for day in self.with_market], axis=0))

    @property
    def trading(self) -> list[int]:
        """The homes in the market."""
        return [number for number, owned in enumerate(self.equipment) if owned.trades]

    def unmoved(self) -> list[Metrics]:
        """Each day without market, on the phases that homes have."""
        return [measured(self.grid, day.flow_wh) for day in self.without]

    def static(self, phases: Phases) -> list[Metrics]:
        """Each day with the market, homes on these phases all the time."""
        return [
            measured(self.grid, day.flow_wh, np.broadcast_to(phases, day.flow_wh.shape)) for day in self.with_market
        ]

    def dynamic(self, switched: Sequence[int]) -> list[Metrics]:
        """Each day with the market, ``switched`` homes moved from slot to slot."""
        if not switched:
            return self.static(self.switching.own)
        return [
            measured(self.grid, day.flow_wh, phases)
            for day, phases in zip(self.with_market, self._phases(switched), strict=True)
        ]

    def first_day(self, switched: Sequence[int]) -> tuple[Solution, Solution]:
        """The first day on the grid: without market, and with it while ``switched`` homes are moved."""
        phases = self._phases(switched)[0]
        without = self.grid.solve(self.without[0].flow_wh * W_PER_WH)
        return without, self.grid.solve(self.with_market[0].flow_wh * W_PER_WH, phases=phases)

    def selected(self, method: Method, switches: int, beside: Sequence[int] = ()) -> list[int]:
        """The homes that get ``switches`` more switches ``beside`` those that have one, by the DSO's own selection.

        By the mean-based method all at once, by the others one by one, each on the feeder whose unbalance is then
        highest on average (5.4.2).
        """
        chosen = list(beside)
        if method is Method.MEAN_BASED:
            return [*chosen, *self._next(method, switches, chosen)]
        for _ in range(switches):
            chosen += self._next(method, 1, chosen, self._mean_vuf_percent(chosen))
        return chosen

    def _next(
        self, method: Method, switches: int, beside: Sequence[int], vuf_percent: Unbalance | None = None
    ) -> list[int]:
        ids, mean_wh = self.switching.ids, np.round(self.mean_wh).astype(int)
        candidates = [
            Candidate(
                id=ids[number],
                feeder=self.switching.feeders[number],
                phase=PHASES[self.switching.own[number]],
                mean_wh=int(mean_wh[number]),
                pv=bool(owned.pv_wp),
                eligible=owned.trades and number not in beside,
            )
            for number, owned in enumerate(self.equipment)
        ]
        chosen = select(candidates, switches, method, self._mean_voltages_v(), vuf_percent).chosen if switches else []
        return [ids.index(one.id) for one in chosen]

    def _phases(self, switched: Sequence[int]) -> list[Phases]:
        """Each day's phases, slot by slot, with ``switched`` homes moved: (slots, homes)."""
        homes = frozenset(switched)
        if homes not in self._moved:
            days = self.with_market
            self._moved[homes] = [self.switching.day(day.committed_wh, homes, self.trading) for day in days]
        return self._moved[homes]

    def _mean_vuf_percent(self, switched: Sequence[int]) -> Unbalance:
        """By feeder, of all its buses and slots with the market, ``switched`` homes moved from slot to slot."""
        days = zip(self.with_market, self._phases(switched), strict=True)
        by_bus = np.mean(
            [self.grid.solve(day.flow_wh * W_PER_WH, phases=phases).vuf_percent.mean(axis=0) for day, phases in days],
            axis=0,
        )
        return {feeder: float(by_bus[buses].mean()) for feeder, buses in self._buses().items()}

    def _buses(self) -> dict[str, list[int]]:
        """The numbers of each feeder's buses."""
        feeders = feeder_of_bus(self.grid.network)
        return {
            feeder: [bus for bus, name in enumerate(self.grid.network.buses) if feeders[name] == feeder]
            for feeder in sorted(set(self.switching.feeders))
        }

    def _mean_voltages_v(self) -> Voltages:
        """By feeder and phase, of all its buses and slots."""
        mean_v = np.mean(
            [self.grid.solve(day.flow_wh * W_PER_WH).phase_neutral_v.mean(axis=0) for day in self.with_market], axis=0
        )
        return {
            feeder: {phase: float(mean_v[buses, at].mean()) for at, phase in enumerate(PHASES)}
            for feeder, buses in self._buses().items()
        }


def live_week(grid: Grid, equipment: list[Equipment], planner: Planner, seed: int, days: int) -> Week:
    """All days of a seed, twice; every day has the sun of the winter's clearest (one curve for all, 5.5.3)."""
    network = grid.network
    profiles, sun = Profiles(seed, len(network.homes), days), sun_wh_per_kwp(clearest_winter_day())
    margins, terms = margins_permille(len(network.homes), seed), terms_of(sun, DEAR_CENT, REBATE_CENT)
    without, with_market = [], []
    for day in range(days):
        homes = homes_of(network, equipment, profiles, day, sun, margins)
        neighbourhood = Neighbourhood(homes, terms, planner, draw=seed)
        without.append(neighbourhood.live(market=False))
        with_market.append(neighbourhood.live(market=True))
    return Week(grid, equipment, Switching(network), without, with_market)
