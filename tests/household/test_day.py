"""A day of homes with the real state machine."""

from __future__ import annotations

from tests.household.day import Day
from wire.results import Code

# A tenth of a cent: a forecast of the sun that failed.
_LITTLE_NEUR = 1_000_000


def test_homes_plan_and_trade_in_daylight_and_none_is_worse_off_than_without_the_market() -> None:
    day = Day("06-15", homes=16)
    day.run()
    traded = {slot: energy_wh for slot, energy_wh in day.traded_wh.items() if energy_wh}
    assert sum(traded.values()) > 5_000
    # The sun is up from five to nine.
    assert min(traded) > 25
    assert max(traded) < 126
    assert day.verified_wh > 0.75 * sum(traded.values())
    worse = {home.home: -home.worth_neur for home in day.homes if home.worth_neur < -_LITTLE_NEUR}
    assert not worse
    assert sum(home.gain_neur for home in day.homes) > 500_000_000
    assert len([home for home in day.homes if home.bought_wh or home.sold_wh]) > 8
    # An agent that knows the rules is never refused.
    assert set(day.chain.results) == {Code.OK}
