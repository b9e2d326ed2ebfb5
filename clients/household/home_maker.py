"""The homes of a configuration, with what an earlier process has left of them in the file."""

from __future__ import annotations

import time
from functools import partial

from clients.household.account import Account
from clients.household.configuration import HomeSection, HouseholdConfiguration
from clients.household.database import Database
from clients.household.diary import Diary
from clients.household.equipment import Equipment
from clients.household.flexible.loads import FlexibleLoads, loads_of
from clients.household.forecasting.errors import ForecastErrors
from clients.household.forecasting.forecasters import Forecasters
from clients.household.forecasting.learned import in_a_process
from clients.household.home import Home
from clients.household.measurements import KEPT_SLOTS, Measurements
from clients.household.offers import Offers
from clients.household.planned import Planned
from clients.household.planner.planner import Planner
from clients.household.prices import own_margin_permille
from clients.household.strategy import Plain, Strategy, StrategyName
from clients.household.sunspec.equipment import SunSpecEquipment
from clients.household.terms import Terms
from wire.mqtt import Topics

# A plan takes milliseconds; other homes wait for the one that takes longer.
_SOLVER_SECONDS = 1.0


class HomeMaker:
    """Makes one home after the other; they share a planner and what forecasters share."""

    def __init__(self, configuration: HouseholdConfiguration, database: Database, diary: Diary, topics: Topics) -> None:
        self._configuration = configuration
        self._database = database
        self._diary = diary
        self._topics = topics
        self._planner = Planner(_SOLVER_SECONDS)
        self._forecasters = Forecasters(
            configuration.forecaster,
            configuration.forecast,
            configuration.seasonal,
            configuration.learned,
            in_a_process(),
        )

    def make(self, section: HomeSection, address: bytes, terms: Terms) -> Equipment:
        """A home and the drivers of its devices. Raises: ConfigurationError for what needs longer slots."""
        configuration = self._configuration
        margin = section.margin_permille
        if margin is None:
            margin = own_margin_permille(address, configuration.highest_margin_permille)
        home = Home(
            section.id,
            self._account(address, terms),
            Measurements(terms.grid.epoch_s, terms.grid.slot_seconds),
            self._forecasters.make(),
            Offers(configuration.offers, margin),
            self._strategy(section.id),
            configuration.habits,
            battery=None,
            has_pv=False,
        )
        home.control_room_permille = configuration.control.room_permille
        home.grid_limit_w = configuration.planning.grid_limit_w
        forecasts, now = self._database.forecasts, terms.clock.slot_at(time.time())
        home.errors = ForecastErrors(forecasts.mean_errors(home.id), forecasts.gap_errors(home.id))
        for each in forecasts.measured(home.id, range(now - KEPT_SLOTS, now)):
            home.measurements.restore(each.slot, each.load_wh, each.pv_wh)
        loads = loads_of(home.id, section.devices, self._topics)
        if loads:
            home.flexible = FlexibleLoads(home.id, loads, self._planner, configuration.planning.grid_limit_w)
        if section.sunspec is not None:
            inverter = section.sunspec.driver(home.id, terms.grid)
            return SunSpecEquipment(home, self._topics, inverter, terms, section.meter)
        return Equipment(home, self._topics, section.meter)

    def _strategy(self, home: str) -> Strategy:
        plain = Plain(self._configuration.battery)
        if self._configuration.strategy is StrategyName.PLAIN:
            return plain
        return Planned(
            home,
            self._planner,
            self._configuration.planning,
            otherwise=plain,
            memory=self._database.slots.battery_day(home),
            remember=partial(self._diary.battery_day, home),
        )

    def _account(self, address: bytes, terms: Terms) -> Account:
        """What the file knows of an account."""
        since = terms.clock.slot_at(time.time()) - KEPT_SLOTS
        database = self._database
        account = Account(address, bill=database.bill(address), settled_slots=database.settled_slots(address, since))
        for contract in database.contracts_from(since):
            account.add_contract(contract)
        return account
