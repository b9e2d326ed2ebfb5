"""Offers shaded by a quantile of the forecasts' tracked errors: they only ever shrink, and by as much as it says."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from clients.household.database import Database
from clients.household.forecasting.errors import KEPT_ERRORS, ForecastError, ForecastErrors
from clients.household.forecasting.forecast import SlotForecast
from clients.household.home import Home
from clients.household.offers import OfferRules
from clients.household.plan import Rule
from clients.household.planned import Planned, PlanningSettings
from clients.household.planner.planner import Planner
from clients.household.shading import LEAST_ERRORS, Shade, shaded, shades
from clients.household.strategy import Plain
from tests.household.made import BATTERY, EVENING, expected, home, telemetry, terms
from wire.market import PlaceOrder, Side

PLANNER = Planner()
DAY = 144
WHOLE = PlanningSettings(sell_permille=1000, refill_permille=1000)

many = st.lists(st.integers(-400, 400), min_size=LEAST_ERRORS, max_size=60)
quantiles = st.sampled_from([0.5, 0.6, 0.75, 0.8, 0.9, 0.99, 1.0])


def agent_of(
    forecast: list[SlotForecast],
    errors: dict[int, list[int]],
    quantile: float | None,
    *,
    now: int,
    energy_wh: int | None,
) -> Home:
    agent = home(
        forecast,
        now=now,
        battery=None if energy_wh is None else BATTERY,
        energy_wh=energy_wh or 0,
        rules=OfferRules(ahead_slots=12, shade_quantile=quantile),
        strategy=Planned("h1", PLANNER, WHOLE, otherwise=Plain(Rule())),
    )
    agent.errors = ForecastErrors(gaps_wh=errors)
    return agent


@given(errors=many, quantile=quantiles)
def test_as_many_errors_as_the_quantile_says_leave_what_is_offered(errors: list[int], quantile: float) -> None:
    (shade,) = shades({1: errors}, quantile, 1)
    too_low, too_high = (sum(error < -shade.less_wh for error in errors), sum(e > shade.more_wh for e in errors))
    assert too_low <= (1 - quantile) * len(errors) + 1e-6
    assert too_high <= (1 - quantile) * len(errors) + 1e-6


@given(errors=st.dictionaries(st.sampled_from([1, 6, 36, 72]), many), quantile=quantiles)
def test_a_higher_quantile_never_shades_less(errors: dict[int, list[int]], quantile: float) -> None:
    least, more = shades(errors, 0.5, 100), shades(errors, quantile, 100)
    assert all(
        one.less_wh <= other.less_wh and one.more_wh <= other.more_wh for one, other in zip(least, more, strict=True)
    )


def test_leads_between_two_that_are_tracked_take_what_lies_between() -> None:
    by = shades({6: [-60] * LEAST_ERRORS, 36: [-120] * LEAST_ERRORS}, 0.8, 100)
    assert [by[ahead].less_wh for ahead in (0, 6, 21, 36, 99)] == [60, 60, 90, 120, 120]


def test_a_few_errors_say_nothing() -> None:
    assert shades({1: [-500] * (LEAST_ERRORS - 1)}, 0.9, 3) == [Shade()] * 3


def test_no_more_is_sure_than_the_forecaster_says_or_the_errors_leave() -> None:
    forecast = [SlotForecast(300, 0, 100, 0), SlotForecast(300, 0, 290, 0), SlotForecast(0, 300, 0, 250)]
    sure = [tuple(each)[2:] for each in shaded(forecast, [Shade(50, 80)] * 3)]
    assert sure == [(100, 0), (250, 0), (0, 220)]


slots_of_day = st.builds(expected, st.integers(0, 700), st.integers(0, 700))
lasting = st.lists(slots_of_day, min_size=20, max_size=60)


@settings(max_examples=60)
@given(forecast=lasting, errors=many, quantile=quantiles)
def test_a_home_without_battery_never_offers_more_for_being_shaded(
    forecast: list[SlotForecast], errors: list[int], quantile: float
) -> None:
    wanted = []
    for chosen in (None, quantile):
        agent = agent_of(forecast, {1: errors}, chosen, now=5, energy_wh=None)
        agent.make_plan(terms(), 5)
        wanted.append([entry.wanted_wh for entry in agent.plan.values()])
    assert all(0 <= shy <= bold or bold <= shy <= 0 for bold, shy in zip(*wanted, strict=True))


@settings(max_examples=40)
@given(
    forecast=lasting,
    errors=many,
    quantile=quantiles,
    now=st.integers(10, 130),
    energy_wh=st.integers(BATTERY.min_wh, BATTERY.max_wh),
)
def test_a_home_with_a_battery_never_offers_more_for_being_shaded(
    forecast: list[SlotForecast], errors: list[int], quantile: float, now: int, energy_wh: int
) -> None:
    said = [expected(0, 0)] * now + forecast
    wanted = []
    for chosen in (None, quantile):
        agent = agent_of(said, {1: errors}, chosen, now=now, energy_wh=energy_wh)
        agent.make_plan(terms(), now)
        wanted.append([entry.wanted_wh for entry in agent.plan.values()])
    assert all(0 <= shy <= bold or bold <= shy <= 0 for bold, shy in zip(*wanted, strict=True))


def test_what_is_bought_for_the_evening_is_what_it_needs_even_if_it_needs_less() -> None:
    forecast = [expected(100, 0)] * (3 * DAY)
    now, errors = EVENING - 10, {1: [-40] * LEAST_ERRORS}
    bold = agent_of(forecast, errors, None, now=now, energy_wh=BATTERY.min_wh)
    shy = agent_of(forecast, errors, 0.9, now=now, energy_wh=BATTERY.min_wh)
    bought = []
    for agent in (bold, shy):
        orders = [order for order in agent.decide(terms(rebate=20_000), now).orders if isinstance(order, PlaceOrder)]
        bought.append(sum(order.energy_wh for order in orders if order.side is Side.SIDE_BID))
    assert 0 < bought[1] < bought[0]
    # How the battery runs until then is as it was: the supplier sells what the market did not.
    assert [entry.flow_wh for entry in shy.plan.values()] == [entry.flow_wh for entry in bold.plan.values()]


def test_without_a_quantile_errors_change_nothing() -> None:
    forecast = [expected(100, 0)] * (3 * DAY)
    plans = []
    for errors in ({}, {1: [-400] * 50}):
        agent = agent_of(forecast, errors, None, now=50, energy_wh=3_000)
        plans.append(agent.decide(terms(), 50))
    assert plans[0] == plans[1]


def test_errors_of_the_gap_are_tracked_bounded_and_survive_a_restart(tmp_path: Path) -> None:
    agent = home([expected(150, 20)] * 500)
    for slot in range(KEPT_ERRORS + 20):
        # 100 Wh of load and 10 Wh of PV come.
        agent.measurements.take_telemetry(telemetry(slot, load_w=600, pv_w=60))
        agent.decide(terms(slot), slot)
    assert list(agent.errors.gaps_wh[1]) == [-40] * KEPT_ERRORS
    database = Database.open(tmp_path / "household.db", "chain")
    database.forecasts.keep_errors("h1", {1: ForecastError(1, 50, 10)}, agent.errors.gaps_wh)
    again = ForecastErrors(database.forecasts.mean_errors("h1"), database.forecasts.gap_errors("h1"))
    database.close()
    assert again.gaps_wh == agent.errors.gaps_wh
