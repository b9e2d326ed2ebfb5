"""Other forecasters than persistence, and how far all of them are off."""

from __future__ import annotations

from pathlib import Path

from clients.household.database import Database
from clients.household.forecast import Persistence, PersistenceSettings
from clients.household.forecast_errors import ForecastError, ForecastErrors
from clients.household.measurements import Measurements
from clients.household.seasonal import ForecasterName, SeasonalAverage, SeasonalSettings, forecaster_of
from tests.household.made import EPOCH_S, SLOT_SECONDS, expected, telemetry
from wire.mqtt import History

DAY = 144


def measured(*days: tuple[int, int]) -> Measurements:
    """Days of constant load and PV (Wh a slot), before slot 0 of the next."""
    measurements = Measurements(EPOCH_S, SLOT_SECONDS)
    loads = [load for load, _ in days for _ in range(DAY)]
    suns = [pv for _, pv in days for _ in range(DAY)]
    measurements.take_history(History(first_slot=-len(loads), load_wh=loads, pv_wh=suns))
    return measurements


def seasonal(days: int = 7) -> SeasonalAverage:
    return SeasonalAverage(SeasonalSettings(days=days), Persistence())


def test_a_slot_is_the_mean_of_the_same_time_of_the_last_days() -> None:
    forecast = seasonal()(measured((90, 500), (150, 200)), 0, DAY)
    # The surplus that is sure: the worst sun of those days less the 80 % quantile of their loads.
    assert set(forecast[2:-2]) == {(120, 350, 0, 50)}


def test_no_more_days_are_looked_at_than_asked_for() -> None:
    forecast = seasonal(days=1)(measured((90, 500), (150, 200)), 0, DAY)
    assert forecast[50] == (150, 200, 0, 50)


def test_a_time_of_day_that_was_never_seen_is_left_to_persistence() -> None:
    measurements = Measurements(EPOCH_S, SLOT_SECONDS)
    for slot in range(20):
        measurements.take_telemetry(telemetry(slot, 600))
    assert seasonal()(measurements, 19, 60) == Persistence()(measurements, 19, 60)


def test_with_nothing_seen_the_forecast_is_zero() -> None:
    assert set(seasonal()(Measurements(EPOCH_S, SLOT_SECONDS), 0, 5)) == {(0, 0, 0, 0)}


def test_the_configuration_names_the_forecaster() -> None:
    persistence, settings = PersistenceSettings(), SeasonalSettings()
    assert isinstance(forecaster_of(ForecasterName.PERSISTENCE, persistence, settings), Persistence)
    assert isinstance(forecaster_of(ForecasterName.SEASONAL, persistence, settings), SeasonalAverage)


def test_errors_are_counted_by_how_far_ahead_the_forecast_was_made() -> None:
    errors, measurements = ForecastErrors(), Measurements(EPOCH_S, SLOT_SECONDS)
    errors.remember(0, [expected(100, 40)] * 10)
    # Only the first forecast of a slot counts.
    errors.remember(0, [expected(999, 999)] * 10)
    for slot in range(8):
        measurements.take_telemetry(telemetry(slot, load_w=720, pv_w=60))
        errors.compare(measurements)
    # 120 Wh of load and 10 Wh of PV came.
    assert errors.by_horizon == {
        1: ForecastError(1, 20, 30),
        6: ForecastError(1, 20, 30),
        36: ForecastError(),
        72: ForecastError(),
    }
    assert errors.by_horizon[1].mean_load_wh == 20


def test_errors_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "household.db"
    database = Database.open(path, "chain")
    database.keep_forecast_errors("h1", {1: ForecastError(10, 200, 300)})
    database.close()
    database = Database.open(path, "chain")
    again = ForecastErrors(database.forecast_errors("h1"))
    database.close()
    assert again.by_horizon[1] == ForecastError(10, 200, 300)
    assert again.by_horizon[6] == ForecastError()
