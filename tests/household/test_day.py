"""A day of all 33 homes with the real state machine."""

from __future__ import annotations

from tests.household.day import Day
from wire.results import Code

# A hundredth of a cent: less than one Wh's rounding in ten slots.
_NOTHING_NEUR = 100_000


def test_homes_trade_in_daylight_and_none_pays_more_than_without_the_market() -> None:
    day = Day("06-15")
    day.run()
    traded = {slot: energy_wh for slot, energy_wh in day.traded_wh.items() if energy_wh}
    assert sum(traded.values()) > 5_000
    # The sun is up from five to nine.
    assert min(traded) > 30
    assert max(traded) < 126
    assert day.verified_wh > 0.75 * sum(traded.values())
    worse = {home.home: -home.gain_neur for home in day.homes if home.gain_neur < -_NOTHING_NEUR}
    assert not worse
    assert sum(home.gain_neur for home in day.homes) > 300_000_000
    assert len([home for home in day.homes if home.bought_wh or home.sold_wh]) > 20
    # An agent that knows the rules is never refused.
    assert set(day.chain.results) == {Code.OK}
