"""Chapter 4's days: 33 homes in winter, with and without the market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from clients.common.grid import shipped
from clients.common.grid.grid import Grid
from clients.common.grid.metrics import Metrics
from clients.common.grid.solution import Solution
from clients.household.planner.planner import Planner
from studies.arrays import W_PER_WH
from studies.day import Day
from studies.effect import Effect, effect_of, measured
from studies.equipment import forecast_from_yesterday, homes_of, ideal_battery, margins_permille, thesis_33
from studies.home import Home
from studies.neighbourhood import Neighbourhood, as_committed, as_planned
from studies.planning import Ties
from studies.prices import terms_of
from studies.profiles import Profiles, clearest_winter_day, sun_wh_per_kwp

DEAR_CENT = 45


@dataclass(frozen=True)
class Setting:
    """What is varied. ``sun``: the day (MM-DD) whose production all days have; "" is the winter's clearest one.

    ``valuation`` draws the homes' margins; ``forecast_error`` is the share of yesterday in forecasts.
    """

    battery_wh: float = 6000.0
    rebate_cent: float = 2.0
    feed_in_cent: float = 10.0
    sun: str = ""
    ties: Ties = Ties.LATE
    valuation: int = 0
    forecast_error: float = 0.0


class Outcome(NamedTuple):
    """A day without and with the market, in figures and as it was lived (``alone``, ``day``).

    ``room_wh``: what batteries of homes without PV can take in one go.
    """

    without: Metrics
    with_market: Metrics
    alone: Day
    day: Day
    efficient_wh: int
    room_wh: float

    @property
    def effect(self) -> Effect:
        """What the market changes."""
        return effect_of(self.without, self.with_market)


class Winter:
    """All days of all seeds."""

    def __init__(self, days: int) -> None:
        self.network = shipped.load("thesis-33")
        self._grid = Grid(self.network)
        self._planner = Planner()
        self._days = days
        self._clearest = clearest_winter_day()

    def homes(self, seed: int, day: int, setting: Setting) -> list[Home]:
        """The homes of a day."""
        profiles = Profiles(seed, len(self.network.homes), self._days)
        equipment = thesis_33(self.network, ideal_battery(setting.battery_wh))
        margins = margins_permille(len(equipment), 1000 * seed + setting.valuation)
        sun = setting.sun or self._clearest
        homes = homes_of(self.network, equipment, profiles, day, sun_wh_per_kwp(sun), margins)
        if not setting.forecast_error:
            return homes
        before = homes_of(self.network, equipment, profiles, day - 1, sun_wh_per_kwp(sun, -1), margins)
        return forecast_from_yesterday(homes, before, setting.forecast_error)

    def neighbourhood(self, homes: list[Home], seed: int, setting: Setting) -> Neighbourhood:
        """Homes in the market."""
        terms = terms_of(
            sun_wh_per_kwp(setting.sun or self._clearest),
            DEAR_CENT,
            setting.rebate_cent,
            feed_in_cent=setting.feed_in_cent,
        )
        return Neighbourhood(homes, terms, self._planner, draw=seed, ties=setting.ties)

    def outcome(self, seed: int, day: int, setting: Setting) -> Outcome:
        """Live a day twice."""
        homes = self.homes(seed, day, setting)
        neighbourhood = self.neighbourhood(homes, seed, setting)
        operate = as_committed if setting.forecast_error else as_planned
        alone = neighbourhood.live(market=False, operate=operate)
        with_market = neighbourhood.live(market=True, operate=operate)
        return Outcome(
            without=self.measured(alone),
            with_market=self.measured(with_market),
            alone=alone,
            day=with_market,
            efficient_wh=neighbourhood.efficient_wh(with_market),
            room_wh=sum(
                home.battery.max_wh - home.battery.min_wh for home in homes if home.battery and not home.pv_wh.any()
            ),
        )

    def measured(self, day: Day) -> Metrics:
        """A lived day's metrics on the grid."""
        return measured(self._grid, day.flow_wh)

    def solved(self, day: Day) -> Solution:
        """A lived day on the grid."""
        return self._grid.solve(day.flow_wh * W_PER_WH)
