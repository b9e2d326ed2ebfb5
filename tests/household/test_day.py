"""A day of homes with the real state machine."""

from __future__ import annotations

from clients.household.strategy import StrategyName
from tests.household.day import Day, Settings
from wire.results import Code

# A tenth of a cent: a forecast of the sun that failed.
_LITTLE_NEUR = 1_000_000


def test_planned_homes_trade_in_daylight_for_less_than_by_the_plain_rule_or_without_the_market() -> None:
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
    _keeps_what_it_can(day)
    # What a home was committed to, contracts and what it declared, is metered as far as its battery can; not so by the
    # plain rule, which follows contracts alone.
    assert day.missed["by_choice"] == day.missed["otherwise"] == 0 < day.missed["at_a_limit"]
    with_battery = [home.home for home in day.homes if home.kind != "plain"]
    assert sum(day.commitments[name].near for name in with_battery) > 100
    plain = Day("06-15", homes=16, settings=Settings(strategy=StrategyName.PLAIN))
    plain.run()
    _keeps_what_it_can(plain)
    assert plain.missed["by_choice"] > 0
    assert sum(home.bill_neur for home in day.homes) < sum(home.bill_neur for home in plain.homes)
    assert sum(home.worth_neur for home in day.homes) > sum(home.worth_neur for home in plain.homes)


def _keeps_what_it_can(day: Day) -> None:
    """No battery leaves its limits, and what was contracted is metered as far as the batteries can bring it about."""
    assert day.kept.limits_crossed == 0
    assert day.kept.as_steered > 0
    assert day.kept.otherwise == 0
