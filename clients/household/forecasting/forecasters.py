"""The forecasters that a configuration chooses from."""

from __future__ import annotations

from enum import StrEnum

from clients.household.forecasting.forecast import Forecaster, Persistence, PersistenceSettings
from clients.household.forecasting.learned import Fit, Learned, LearnedSettings
from clients.household.forecasting.seasonal import SeasonalAverage, SeasonalSettings


class ForecasterName(StrEnum):
    """``persistence``: the last hours and yesterday. ``seasonal``: the same time of the last days. ``learned``: a
    regression on the last days."""

    PERSISTENCE = "persistence"
    SEASONAL = "seasonal"
    LEARNED = "learned"


class Forecasters:
    """Makes one for each home; ``fit`` is what learned ones share."""

    def __init__(
        self,
        name: ForecasterName,
        persistence: PersistenceSettings,
        seasonal: SeasonalSettings,
        learned: LearnedSettings,
        fit: Fit,
    ) -> None:
        self._name = name
        self._persistence = persistence
        self._seasonal = seasonal
        self._learned = learned
        self._fit = fit

    def make(self) -> Forecaster:
        """One home's, which knows nothing yet."""
        persistence = Persistence(self._persistence)
        if self._name is ForecasterName.SEASONAL:
            return SeasonalAverage(self._seasonal, persistence)
        if self._name is ForecasterName.LEARNED:
            return Learned(self._learned, persistence, self._fit)
        return persistence
