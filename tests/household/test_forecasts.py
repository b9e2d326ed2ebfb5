"""Other forecasters than persistence, and how far all of them are off."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path
from random import Random

import numpy as np
import pytest

from clients.household.configuration import HouseholdConfiguration
from clients.household.database import Database
from clients.household.diary import Diary
from clients.household.forecasting.errors import ForecastError, ForecastErrors
from clients.household.forecasting.forecast import Persistence, PersistenceSettings
from clients.household.forecasting.forecasters import ForecasterName, Forecasters
from clients.household.forecasting.learned import Learned, LearnedSettings, Sample, Weights, in_a_process
from clients.household.forecasting.learned_fit import weights
from clients.household.forecasting.seasonal import SeasonalAverage, SeasonalSettings
from clients.household.home import Home
from clients.household.home_maker import HomeMaker
from clients.household.measurements import KEPT_SLOTS, Measurements
from clients.household.slot_keeping import keep_slot
from tests.household.made import ADDRESS, EPOCH_S, SLOT_SECONDS, VDG, expected, home, telemetry, terms
from wire.mqtt import History, Topics

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


@pytest.mark.parametrize(
    ("name", "kind"),
    [("persistence", Persistence), ("seasonal", SeasonalAverage), ("learned", Learned)],
)
def test_the_configuration_names_the_forecaster(name: str, kind: type[object]) -> None:
    settings = (PersistenceSettings(), SeasonalSettings(), LearnedSettings())
    assert isinstance(Forecasters(ForecasterName(name), *settings, fit_here).make(), kind)


def fit_here(sample: Sample) -> Future[Weights]:
    """As the agent has it done elsewhere, at once."""
    done: Future[Weights] = Future()
    done.set_result({name: weights(*rows) for name, rows in sample.items()})
    return done


def weekly(days: int) -> Measurements:
    """Sun from eight to four; a load of 50 Wh, and of 250 Wh from six to eight in the evening."""
    measurements = Measurements(EPOCH_S, SLOT_SECONDS)
    for slot in range(days * DAY + 1):
        time = slot % DAY
        load = 250 if 108 <= time < 120 else 50
        measurements.take_telemetry(telemetry(slot, 6 * load, 6 * 400 if 48 <= time < 96 else 0))
    return measurements


def learned(settings: LearnedSettings | None = None) -> Learned:
    return Learned(settings or LearnedSettings(), Persistence(), fit_here)


def test_a_regression_on_the_last_days_knows_the_evening_and_the_sun() -> None:
    seen, forecaster = weekly(6), learned()
    # What was asked for first is there the next time.
    assert forecaster(seen, 6 * DAY, DAY) == Persistence()(seen, 6 * DAY, DAY)
    forecast = forecaster(seen, 6 * DAY, DAY)
    assert forecaster.model is not None
    assert forecast[114].load_wh == pytest.approx(250, abs=40)
    assert forecast[30].load_wh == pytest.approx(50, abs=15)
    assert forecast[72].pv_wh == pytest.approx(400, abs=60)
    assert forecast[20].pv_wh == pytest.approx(0, abs=15)
    assert forecast[72].sure_surplus_wh == pytest.approx(350, abs=60)
    assert forecast[114].sure_deficit_wh == pytest.approx(250, abs=60)


def test_a_quantile_shades_what_is_offered() -> None:
    def sure(quantile: float) -> tuple[int, int]:
        forecaster = learned(LearnedSettings(quantile=1 - quantile, high_quantile=quantile))
        seen = noisy()
        forecaster(seen, 4 * DAY, DAY)
        forecast = forecaster(seen, 4 * DAY, DAY)
        return sum(one.sure_deficit_wh for one in forecast), sum(one.sure_surplus_wh for one in forecast)

    assert sure(0.9)[0] < sure(0.5)[0]
    assert sure(0.9)[1] < sure(0.5)[1]


def noisy() -> Measurements:
    """Loads that nobody could foresee."""
    measurements, random = Measurements(EPOCH_S, SLOT_SECONDS), Random(5)
    for slot in range(4 * DAY + 1):
        sun = 3_000 if 48 <= slot % DAY < 96 else 0
        measurements.take_telemetry(telemetry(slot, random.choice((300, 600, 2_400)), sun))
    return measurements


def test_until_two_days_are_known_it_is_persistence() -> None:
    seen, forecaster = weekly(1), learned()
    for now in (DAY, DAY, DAY):
        assert forecaster(seen, now, DAY) == Persistence()(seen, now, DAY)
    assert learned()(Measurements(EPOCH_S, SLOT_SECONDS), 0, 3) == [(0, 0, 0, 0)] * 3


def test_it_learns_anew_each_day_and_goes_on_with_what_it_knows_where_learning_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: list[Sample] = []

    def once(sample: Sample) -> Future[Weights]:
        asked.append(sample)
        if len(asked) == 1:
            return fit_here(sample)
        failed: Future[Weights] = Future()
        failed.set_exception(ValueError("no memory"))
        return failed

    forecaster = Learned(LearnedSettings(), Persistence(), once)
    for _ in range(3):
        forecaster(weekly(3), 3 * DAY, DAY)
    assert len(asked) == 1
    model = forecaster.model
    for _ in range(3):
        forecast = forecaster(weekly(4), 4 * DAY, DAY)
    assert len(asked) == 2
    assert forecaster.model is model
    assert forecast != Persistence()(weekly(4), 4 * DAY, DAY)
    assert "nothing was learned from the last days" in caplog.text


def test_learning_happens_in_a_process_of_its_own_which_finds_the_same_weights() -> None:
    rows = np.random.default_rng(5).normal(size=(300, 3))
    sample = {"load": (rows, rows @ np.array([1.0, -2.0, 0.5]) + 7), "pv": (rows, rows[:, 0])}
    elsewhere = in_a_process()(sample).result(60)
    assert elsewhere["load"] == pytest.approx([7, 1, -2, 0.5], abs=0.05)
    assert elsewhere == {name: pytest.approx(weights(*one)) for name, one in sample.items()}


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
    database.forecasts.keep_errors("h1", {1: ForecastError(10, 200, 300)})
    database.close()
    database = Database.open(path, "chain")
    again = ForecastErrors(database.forecasts.mean_errors("h1"))
    database.close()
    assert again.by_horizon[1] == ForecastError(10, 200, 300)
    assert again.by_horizon[6] == ForecastError()


def configured(folder: Path, forecaster: str) -> HouseholdConfiguration:
    """A file of one home."""
    return HouseholdConfiguration.model_validate(
        {
            "gateway": {"target": "127.0.0.1:1"},
            "verify": False,
            "mqtt": {"url": "mqtt://127.0.0.1:1"},
            "data": str(folder),
            "vdg": VDG,
            "forecaster": forecaster,
            "homes": [{"id": "h1", "seed_file": str(folder / "h1.seed")}],
        }
    )


def restarted(database: Database, folder: Path, now: int, forecaster: str) -> Home:
    """The home as a new process makes it in slot ``now`` of a grid that began so long ago."""
    posted = terms(now)
    grid = posted.grid._replace(epoch_s=int(time.time()) - now * SLOT_SECONDS - SLOT_SECONDS // 2)
    configuration = configured(folder, forecaster)
    maker = HomeMaker(configuration, database, Diary(database.slots), Topics("vdg/v1"))
    return maker.make(configuration.homes[0], ADDRESS, posted._replace(grid=grid)).home


def test_a_forecaster_goes_on_after_a_restart_with_the_week_that_it_knew(tmp_path: Path) -> None:
    database, days = Database.open(tmp_path / "household.db", "chain"), 9
    agent, seen = home([expected(50, 0)]), weekly(0)
    for slot in range(days * DAY):
        load = 250 if 108 <= slot % DAY < 120 else 50
        seen.take_telemetry(telemetry(slot, 6 * load))
        if slot % 36 == 0:
            agent.measurements = seen
            keep_slot(database, [agent], terms(), slot)
    seen.take_telemetry(telemetry(days * DAY, 300))
    keep_slot(database, [agent], terms(), days * DAY)
    # What the home itself publishes is a day, and what was kept goes before it.
    again = restarted(database, tmp_path, days * DAY, "seasonal").measurements
    again.take_history(History(first_slot=(days - 1) * DAY, load_wh=[7] * DAY, pv_wh=[7] * DAY))
    again.take_telemetry(telemetry(days * DAY, 300))
    assert again.load_wh == {slot: seen.load_wh[slot] for slot in again.load_wh}
    assert again.pv_wh == {slot: seen.pv_wh[slot] for slot in again.pv_wh}
    assert seasonal()(again, days * DAY, DAY) == seasonal()(seen, days * DAY, DAY)
    database.close()


def test_what_is_kept_of_a_home_is_a_week_and_no_more(tmp_path: Path) -> None:
    database, agent = Database.open(tmp_path / "household.db", "chain"), home([expected(50, 0)])
    for slot in range(KEPT_SLOTS + 3 * DAY):
        agent.measurements.take_telemetry(telemetry(slot))
        if slot % 12 == 0:
            keep_slot(database, [agent], terms(), slot)
    keep_slot(database, [agent], terms(), slot)
    kept = database.forecasts.measured("h1", range(10**6))
    assert [each.slot for each in kept] == list(range(slot - KEPT_SLOTS, slot))
    # A clock that was set back does not make slots known that are still to come.
    assert max(restarted(database, tmp_path, slot - 5, "learned").measurements.load_wh) == slot - 6
    database.close()
