"""Days of one seed and one set of equipment, with and without the market, on whatever phases homes are put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.grid import Grid
from clients.common.grid.metrics import Metrics
from clients.common.grid.network import PHASES
from clients.dso.phases.selection import Candidate, Method, Voltages, select
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
            measured(self.grid, day.flow_wh, self.switching.day(day.committed_wh, frozenset(switched), self.trading))
            for day in self.with_market
        ]

    def selected(self, method: Method, switches: int, beside: Sequence[int] = ()) -> list[int]:
        """The homes that get ``switches`` more switches ``beside`` those that have one, by the DSO's own selection."""
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
        chosen = select(candidates, switches, method, self._mean_voltages_v()).chosen if switches else []
        return [*beside, *(ids.index(one.id) for one in chosen)]

    def _mean_voltages_v(self) -> Voltages:
        """By feeder and phase, of all its buses and slots."""
        feeders = feeder_of_bus(self.grid.network)
        mean_v = np.mean(
            [self.grid.solve(day.flow_wh * W_PER_WH).phase_neutral_v.mean(axis=0) for day in self.with_market], axis=0
        )
        return {
            feeder: {
                phase: float(
                    np.mean(
                        [mean_v[bus, at] for bus, name in enumerate(self.grid.network.buses) if feeders[name] == feeder]
                    )
                )
                for at, phase in enumerate(PHASES)
            }
            for feeder in sorted(set(self.switching.feeders))
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
