"""What a home sees, and what it forecasts from that."""

from __future__ import annotations

import pytest

from clients.household.forecasting.forecast import Persistence, PersistenceSettings
from clients.household.measurements import KEPT_SLOTS, Measurements
from tests.household.made import EPOCH_S, SLOT_SECONDS, telemetry
from wire.mqtt import History


def seen(*messages: tuple[int, int, int, float]) -> Measurements:
    """Measurements of (slot, load W, PV W, share of the slot)."""
    measurements = Measurements(EPOCH_S, SLOT_SECONDS)
    for slot, load_w, pv_w, share in messages:
        measurements.take_telemetry(telemetry(slot, load_w, pv_w, share=share))
    return measurements


def test_a_slot_is_the_mean_of_its_powers() -> None:
    measurements = seen((5, 600, 1200, 0.0), (5, 1200, 600, 0.5), (6, 0, 0, 0.0))
    assert (measurements.load_wh[5], measurements.pv_wh[5]) == (150, 150)
    assert measurements.load_wh[6] == 0


def test_the_running_slot_counts_as_its_powers_suggest() -> None:
    measurements = seen((5, 600, 0, 0.0), (5, 1200, 0, 0.5))
    assert measurements.load_wh[5] == 150
    assert measurements.recent(3) == [(150, 0)]


def test_an_older_message_changes_nothing() -> None:
    measurements = seen((5, 600, 0, 0.5), (5, 6000, 0, 0.2), (4, 6000, 0, 0.9))
    assert measurements.load_wh == {5: 100}


def test_history_fills_in_but_never_replaces_what_was_measured() -> None:
    measurements = seen((0, 600, 0, 0.0))
    measurements.take_history(History(first_slot=-1, load_wh=[7, 9], pv_wh=[1, 2]))
    assert measurements.load_wh == {-1: 7, 0: 100}
    assert measurements.pv_wh == {-1: 1, 0: 0}


def test_a_week_is_kept() -> None:
    measurements = seen(*((slot, 600, 0, 0.0) for slot in range(KEPT_SLOTS + 20)))
    assert len(measurements.load_wh) <= KEPT_SLOTS + 1


def test_its_age_is_that_of_the_last_telemetry() -> None:
    assert Measurements(EPOCH_S, SLOT_SECONDS).age_slots(3) == float("inf")
    assert seen((5, 600, 0, 0.0)).age_slots(7) == 2


def test_with_nothing_seen_the_forecast_is_zero() -> None:
    forecast = Persistence()(Measurements(EPOCH_S, SLOT_SECONDS), 0, 3)
    assert set(forecast) == {(0, 0, 0, 0)}


def test_the_next_hours_are_as_the_last_ones() -> None:
    measurements = seen(*((slot, 60 * (slot % 5 + 1), 0, 0.0) for slot in range(40)))
    settings = PersistenceSettings(near_slots=5, far_slots=10)
    near, *_, far = Persistence(settings)(measurements, 39, 8)
    # Loads of 10, 20, 30, 40 and 50 Wh.
    assert near == (30, 0, 30, 0)
    assert far == (30, 0, 30, 0)


def test_tomorrow_is_as_today_around_the_same_time() -> None:
    measurements = seen(*((slot, 6000 if slot == 50 else 0, 0, 0.0) for slot in range(120)))
    forecast = Persistence()(measurements, 119, 144)
    loads = {119 + index: slot.load_wh for index, slot in enumerate(forecast)}
    assert loads[194] == round(1000 / 7)
    assert loads[198] == 0


def test_the_suns_level_fades_into_yesterdays_curve_scaled_to_today() -> None:
    measurements = seen(*((slot, 0, 3000 if slot < 144 else 1500, 0.0) for slot in range(40, 190)))
    forecast = Persistence()(measurements, 189, 40)
    assert {slot.pv_wh for slot in forecast} == {250}
    sudden = seen(*((slot, 0, 3000, 0.0) for slot in range(189)), (189, 0, 0, 0.0))
    pv = [slot.pv_wh for slot in Persistence()(sudden, 189, 13)]
    assert pv[0] == 0
    assert pv == sorted(pv)
    assert pv[12] == round(500 * 5 / 6)


@pytest.mark.parametrize(("lead", "surplus_wh"), [(1, 400), (9, 200)])
def test_a_sure_surplus_is_more_cautious_further_ahead(lead: int, surplus_wh: int) -> None:
    measurements = seen(*((slot, 0, 3000, 0.0) for slot in range(200)))
    assert Persistence()(measurements, 199, 12)[lead].sure_surplus_wh == surplus_wh


def test_a_load_that_was_there_yesterday_at_that_time_is_no_sure_surplus() -> None:
    cooking = range(60, 67)
    measurements = seen(*((slot, 1800 if slot in cooking else 0, 3000, 0.0) for slot in range(200)))
    forecast = Persistence()(measurements, 199, 12)
    assert forecast[8].sure_surplus_wh == 0
    assert forecast[1].sure_surplus_wh > 0


def test_tomorrows_sun_is_todays_as_far_as_it_is_known_and_no_more_than_yesterdays_elsewhere() -> None:
    # Yesterday 250 Wh a slot, today twice that until now.
    measurements = seen(*((slot, 0, 1500 if slot < 144 else 3000, 0.0) for slot in range(40, 201)))
    forecast = Persistence()(measurements, 200, 160)
    pv = {200 + index: slot.pv_wh for index, slot in enumerate(forecast)}
    assert pv[230] == 500
    assert pv[288 + 20] == 500
    assert pv[288 + 70] == 250


def test_far_ahead_only_the_loads_around_that_time_count() -> None:
    # 100 Wh a slot at night, 10 by day; now it is day.
    measurements = seen(*((slot, 600 if slot % 144 < 36 else 60, 0, 0.0) for slot in range(60, 230)))
    forecast = Persistence()(measurements, 229, 90)
    sure = {229 + index: slot.sure_deficit_wh for index, slot in enumerate(forecast)}
    assert sure[240] == 10
    assert sure[288 + 15] == 100
