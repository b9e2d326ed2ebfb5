"""A simulated day: where its energy goes, and that it is always the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from abci_app.modules.market.clearing import Order, clear
from clients.household.planner.planner import Planner
from clients.household.prices import ask_neur_per_wh, bid_neur_per_wh
from studies.auction import efficient_wh, trade
from studies.batteries import Batteries
from studies.day import Day
from studies.equipment import forecast_from_yesterday, ideal_battery
from studies.neighbourhood import Neighbourhood, as_committed
from studies.planning import Ties
from studies.prices import terms_of
from tests.studies import made


@pytest.fixture(scope="module")
def lived() -> Day:
    return made.neighbourhood().live(market=True)


def test_what_is_bought_in_a_slot_is_sold_in_it(lived: Day) -> None:
    assert lived.traded_wh > 1000
    assert not lived.market_wh.sum(axis=1).any()
    assert ((lived.market_wh == 0) == (lived.price_neur_per_wh == 0)).all()


def test_every_wh_that_a_home_takes_or_makes_goes_to_its_meter_or_its_battery(lived: Day) -> None:
    for number, home in enumerate(made.homes()):
        stored = home.battery.energy_wh if home.battery else 0.0
        before = np.concatenate([[stored], lived.energy_wh[:-1, number]])
        assert lived.energy_wh[:, number] == pytest.approx(before - lived.battery_wh[:, number], abs=1e-6)
        balance = home.load_wh - home.pv_wh - lived.battery_wh[:, number]
        assert lived.flow_wh[:, number] == pytest.approx(balance)


def test_batteries_keep_their_limits_their_cycle_and_end_as_they_began(lived: Day) -> None:
    for number, home in enumerate(made.homes()):
        if home.battery is None:
            assert not lived.battery_wh[:, number].any()
            continue
        assert lived.energy_wh[:, number].min() >= home.battery.min_wh - 1e-6
        assert lived.energy_wh[:, number].max() <= home.battery.max_wh + 1e-6
        assert np.abs(lived.battery_wh[:, number]).max() <= home.battery.power_w / 6 + 1e-6
        assert np.abs(lived.battery_wh[:, number]).sum() <= 2 * home.battery.capacity_wh + 0.1
        assert lived.energy_wh[-1, number] == pytest.approx(home.battery.energy_wh, abs=0.1)


def test_with_forecasts_that_hold_what_flows_is_what_was_committed(lived: Day) -> None:
    assert np.abs(lived.flow_wh - lived.committed_wh).max() <= 0.5 + 1e-6
    assert lived.delivered_wh == pytest.approx(lived.traded_wh, rel=0.01)


def test_the_same_draw_lives_the_same_day_and_nobody_trades_without_a_market(lived: Day) -> None:
    again = made.neighbourhood().live(market=True)
    assert all(np.array_equal(values, getattr(again, name)) for name, values in vars(lived).items())
    assert not made.neighbourhood().live(market=False).market_wh.any()


def test_prices_are_within_the_limits_that_the_agents_rule_gives(lived: Day) -> None:
    terms = terms_of(made.sun(), 45, 2)
    for slot, number in zip(*np.nonzero(lived.market_wh), strict=True):
        margin, paid = made.homes()[number].margin_permille, lived.price_neur_per_wh[slot, number]
        if lived.market_wh[slot, number] > 0:
            assert paid <= bid_neur_per_wh(terms, int(slot), margin)
        else:
            assert paid >= ask_neur_per_wh(terms, int(slot), margin)


def test_homes_out_of_the_market_offer_nothing() -> None:
    out = [replace(home, trades=False) for home in made.homes()[:2]] + made.homes()[2:]
    day = made.neighbourhood(out).live(market=True)
    assert not day.offers_wh[:, :2].any()
    assert day.offers_wh[:, 2:].any()


def test_wrong_forecasts_are_absorbed_as_far_as_batteries_can() -> None:
    homes = forecast_from_yesterday(made.homes(), made.homes(-1), 1.0)
    day = made.neighbourhood(homes).live(market=True, operate=as_committed)
    missed = np.abs(day.flow_wh - day.committed_wh)
    without_battery = [number for number, home in enumerate(homes) if home.battery is None]
    with_battery = [number for number, home in enumerate(homes) if home.battery is not None]
    assert missed[:, without_battery].mean() > 3 * missed[:, with_battery].mean() > 0
    assert day.delivered_wh < day.traded_wh


@pytest.mark.parametrize("ties", [Ties.EARLY, Ties.SPREAD])
def test_which_equal_plan_is_taken_moves_energy_and_costs_nothing(ties: Ties) -> None:
    terms = terms_of(made.sun(), 45, 0)
    days = [Neighbourhood(made.homes(), terms, Planner(), ties=each).live(market=False) for each in (Ties.LATE, ties)]
    price = np.array([[terms.buy_price(slot)] for slot in range(144)])
    bills = [np.where(day.flow_wh > 0, day.flow_wh * price, day.flow_wh * 100_000).sum() for day in days]
    assert not np.allclose(days[0].flow_wh, days[1].flow_wh)
    assert bills[1] == pytest.approx(bills[0], rel=0.01)


def test_a_book_is_cleared_as_consensus_clears_it() -> None:
    names, offers = ["a", "b", "c", "d", "e"], [300, 200, -150, -400, 0]
    bid, ask = np.array([150, 140, 0, 0, 130]), np.array([0, 0, 100, 110, 90])
    traded = trade(names, offers, bid, ask, "x")
    cleared = clear([Order(b"a", 300, 150), Order(b"b", 200, 140)], [Order(b"c", 150, 100), Order(b"d", 400, 110)], b"")
    assert traded.energy_wh.tolist() == [cleared.volume_wh, 0, -cleared.volume_wh, 0, 0]
    assert traded.price_neur_per_wh.tolist() == [140, 0, 110, 0, 0]
    assert efficient_wh(offers, bid, ask) == 500


def test_a_battery_refuses_what_it_can_not_do() -> None:
    batteries = Batteries(made.homes()[:1])
    with pytest.raises(ValueError, match="more than it can give"):
        batteries.move(np.array([600.0]))
    assert batteries.possible_wh(np.array([600.0])) == pytest.approx([500.0])
    lossy = replace(made.homes()[0], battery=replace(ideal_battery(6000), charge_efficiency=0.9))
    with pytest.raises(ValueError, match="losses"):
        Batteries([lossy])
