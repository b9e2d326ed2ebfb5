"""What a home decides to send and to steer."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from clients.household.account import LiveOrder
from clients.household.home import Habits
from clients.household.offers import OfferRules
from clients.household.steering import Steering
from tests.household.made import BATTERY, CHEAP, DEAR, EVENING, FEED_IN, PRODUCTS, VDG, expected, home, telemetry, terms
from wire.grid import SlotTerms
from wire.market import CancelOrder, Contract, GateKind, PlaceOrder, Product, Side
from wire.settlement import DeclareFlow

LACKING = [expected(100, 0)]
SUNNY = [expected(100, 500)]
BID, ASK = Side.SIDE_BID, Side.SIDE_ASK


def contract(
    slot: int, energy_wh: int, buyer: bytes = b"b" * 20, seller: bytes = b"s" * 20, name: str = "c"
) -> Contract:
    return Contract(f"{name}/{slot}", VDG, slot, "intraday", buyer, seller, energy_wh, 120_000, 110_000)


def books_of(orders: Iterable[PlaceOrder | CancelOrder]) -> list[tuple[str, int]]:
    return [(order.product, order.slot) for order in orders]


def test_it_bids_in_every_open_book_of_every_product_those_first_that_close_first() -> None:
    decision = home(LACKING, now=20, rules=OfferRules()).decide(terms(), 20)
    single = [("real_time", 22), ("intraday", 27), ("real_time", 23), ("intraday", 28)]
    single += [("intraday", slot) for slot in range(29, 33)]
    blocks = [("day_ahead", slot) for slot in range(144, 20 + 288 + 1, 6)]
    assert books_of(decision.orders) == single + blocks
    bids = {PlaceOrder(VDG, product, slot, BID, 100, CHEAP) for product, slot in single}
    # A quarter of what each of the six slots lacks.
    bids |= {
        PlaceOrder(VDG, "day_ahead", slot, BID, 150, CHEAP if slot % 144 < EVENING else DEAR) for _, slot in blocks
    }
    assert set(decision.orders) == bids


def test_it_stays_out_of_a_product_and_of_slots_further_ahead_where_that_is_wanted() -> None:
    rules = OfferRules(without_products=("day_ahead", "intraday"))
    assert books_of(home(LACKING, now=20, rules=rules).decide(terms(), 20).orders) == [
        ("real_time", 22),
        ("real_time", 23),
    ]
    rules = OfferRules(ahead_slots=7)
    books = books_of(home(LACKING, now=20, rules=rules).decide(terms(), 20).orders)
    assert books == [("real_time", 22), ("intraday", 27), ("real_time", 23)]


def test_what_a_book_is_offered_is_not_offered_in_one_that_closes_later() -> None:
    hourly = Product("hourly", 6, GateKind.GATE_KIND_BEFORE_START, 7, 18, 10**6, 10**7)
    longer = [product._replace(horizon_slots=18) for product in PRODUCTS[1:]]
    wide = terms()._replace(products={product.name: product for product in (*longer, hourly)})
    orders = home(LACKING, now=16, rules=OfferRules()).decide(wide, 16).orders
    offered: dict[str, dict[int, int]] = {"hourly": {}, "intraday": {}, "real_time": {}}
    for order in orders:
        assert isinstance(order, PlaceOrder)
        offered[order.product][order.slot] = order.energy_wh
    assert offered["hourly"] == {24: 150, 30: 150}
    assert offered["intraday"] == {23: 100} | dict.fromkeys(range(24, 35), 75)
    assert offered["real_time"] == dict.fromkeys(range(18, 23), 100)


def test_it_asks_with_availability_declared_before() -> None:
    agent = home(SUNNY, now=20)
    decision = agent.decide(terms(), 20)
    (availability,) = decision.availability
    assert availability.first_slot == 22
    assert len(availability.energy_wh) == 36
    assert availability.energy_wh[0] == 750
    assert {order.side for order in decision.orders if isinstance(order, PlaceOrder)} == {ASK}
    agent.account.declared_wh = dict.fromkeys(range(20, 40), 750)
    assert agent.decide(terms(), 20).availability == ()


def test_it_never_asks_for_more_than_its_devices_deliver() -> None:
    agent = home(SUNNY, now=20)
    agent.account.capacity_wh = 150
    agent.account.add_contract(contract(22, 90, seller=agent.account.address))
    decision = agent.decide(terms(), 20)
    energies = {order.slot: order.energy_wh for order in decision.orders if isinstance(order, PlaceOrder)}
    assert energies == {22: 60, 23: 150} | dict.fromkeys(range(27, 33), 150)
    (availability,) = decision.availability
    assert max(availability.energy_wh) == 150


def test_what_is_contracted_is_not_offered_again() -> None:
    agent = home(LACKING, now=20)
    agent.account.add_contract(contract(22, 60, buyer=agent.account.address))
    assert agent.account.add_contract(contract(22, 60, buyer=agent.account.address)) is False
    energies = {
        order.slot: order.energy_wh for order in agent.decide(terms(), 20).orders if isinstance(order, PlaceOrder)
    }
    assert energies[22] == 40
    assert energies[23] == 100


@pytest.mark.parametrize(
    ("standing", "sent"),
    [
        (LiveOrder(BID, 95, CHEAP), []),
        (LiveOrder(BID, 110, CHEAP), []),
        (LiveOrder(BID, 115, CHEAP), [PlaceOrder]),
        (LiveOrder(BID, 100, CHEAP - 10_000), []),
        (LiveOrder(BID, 100, CHEAP - 20_000), [PlaceOrder]),
        (LiveOrder(ASK, 100, CHEAP), [PlaceOrder]),
    ],
)
def test_an_order_is_replaced_only_when_it_moved_materially(standing: LiveOrder, sent: list[type]) -> None:
    agent = home(LACKING, now=20, rules=OfferRules(ahead_slots=2))
    agent.account.orders[("real_time", 22)] = standing
    assert [type(order) for order in agent.decide(terms(), 20).orders] == sent


def test_an_order_that_is_not_wanted_any_more_is_cancelled_while_its_gate_is_open() -> None:
    agent = home([expected(0, 0)], now=20)
    agent.account.orders = {
        ("real_time", 22): LiveOrder(BID, 100, CHEAP),
        ("real_time", 21): LiveOrder(BID, 100, CHEAP),
    }
    assert agent.decide(terms(), 20).orders == (CancelOrder(VDG, "real_time", 22),)


def test_a_book_with_a_transaction_under_way_is_left_alone() -> None:
    agent = home(LACKING, now=20, rules=OfferRules(ahead_slots=2))
    agent.account.under_way.add(("real_time", 22))
    assert agent.decide(terms(), 20).orders == ()


def test_a_debtor_places_nothing_and_cancels_what_stands() -> None:
    agent = home(LACKING, now=20)
    agent.account.debts[(b"creditor", "consumption")] = 5
    agent.account.orders[("real_time", 22)] = LiveOrder(BID, 100, CHEAP)
    assert agent.decide(terms(), 20).orders == (CancelOrder(VDG, "real_time", 22),)


def test_a_suspended_home_sends_nothing() -> None:
    agent = home(LACKING, now=20)
    agent.account.suspended = "SENDER_FROZEN"
    assert agent.decide(terms(), 20) == ((), ())
    assert agent.declaration(terms(), 21) is None


def test_a_home_that_was_not_heard_of_for_half_an_hour_offers_nothing() -> None:
    agent = home(LACKING, now=20)
    assert agent.decide(terms(), 23).orders
    assert not agent.decide(terms(), 24).orders
    agent.measurements.take_telemetry(telemetry(24))
    assert agent.decide(terms(), 24).orders


def test_bids_fit_the_money_that_is_there_soonest_book_first() -> None:
    agent = home(LACKING, now=20)
    agent.account.budget_neur = 150 * CHEAP
    energies = [order.energy_wh for order in agent.decide(terms(), 20).orders if isinstance(order, PlaceOrder)]
    assert energies == [100, 50]


def test_orders_stay_below_the_caps_of_the_dso() -> None:
    agent = home(LACKING, now=20)
    agent.account.add_contract(contract(23, 30, buyer=agent.account.address))
    caps = SlotTerms(0, True, 70, 0)
    energies = {o.slot: o.energy_wh for o in agent.decide(terms(caps=caps), 20).orders if isinstance(o, PlaceOrder)}
    assert energies[22] == 70
    assert energies[23] == 40
    assert not home(SUNNY, now=20).decide(terms(caps=caps), 20).orders


def test_tomorrows_blocks_are_offered_until_noon() -> None:
    rules = OfferRules(without_products=("intraday", "real_time"))
    orders = home(LACKING, now=71, rules=rules).decide(terms(), 71).orders
    assert [order.slot for order in orders] == list(range(144, 71 + 288 + 1, 6))
    later = home(LACKING, now=72, rules=rules).decide(terms(), 72).orders
    assert [order.slot for order in later] == list(range(288, 72 + 288 + 1, 6))


def test_availability_for_tomorrow_and_for_the_next_hours_is_declared_in_messages_of_a_day_at_most() -> None:
    declared = home(SUNNY, now=70, rules=OfferRules()).decide(terms(), 70).availability
    assert [(each.first_slot, len(each.energy_wh)) for each in declared] == [(72, 144), (216, 144)]


def test_more_orders_than_the_quota_bears_are_sent_slot_by_slot_those_first_that_close_first() -> None:
    agent = home(LACKING, now=71, rules=OfferRules(orders_a_slot=20))
    everything = home(LACKING, now=71, rules=OfferRules()).decide(terms(), 71).orders
    assert len(everything) == 8 + 36
    assert agent.decide(terms(), 71).orders == everything[:20]


def test_nothing_is_offered_after_the_last_slot() -> None:
    agent = home(LACKING, now=20, rules=OfferRules(last_slot=27))
    assert [order.slot for order in agent.decide(terms(), 20).orders] == [22, 27, 23]
    agent = home(LACKING, now=71, rules=OfferRules(last_slot=154))
    assert ("day_ahead", 144) in books_of(agent.decide(terms(), 71).orders)
    assert ("day_ahead", 150) not in books_of(agent.decide(terms(), 71).orders)


def test_the_battery_follows_contracts_and_is_left_to_itself_without() -> None:
    agent = home(SUNNY, now=20, battery=BATTERY, energy_wh=3_000)
    agent.account.add_contract(contract(21, 200, seller=agent.account.address))
    agent.make_plan(terms(), 20)
    assert agent.steering(21) == Steering(21, "follow", grid_wh=-200)
    assert agent.steering(22) is None
    assert home(SUNNY, now=20).steering(21) is None


def test_the_battery_is_held_for_the_evening() -> None:
    agent = home(LACKING, now=EVENING - 2, battery=BATTERY, energy_wh=BATTERY.min_wh + 300)
    agent.make_plan(terms(), EVENING - 2)
    assert agent.steering(EVENING - 1) == Steering(EVENING - 1, "power", power_w=0)


def test_it_declares_what_it_leaves_to_the_supplier_once() -> None:
    agent = home(LACKING, now=20)
    agent.account.add_contract(contract(21, 70, buyer=agent.account.address))
    agent.make_plan(terms(), 20)
    assert agent.declaration(terms(), 21) == DeclareFlow(VDG, 21, 30)
    assert agent.declaration(terms(), 22) == DeclareFlow(VDG, 22, 100)
    agent.account.supplier_flow_wh[21] = 32
    assert agent.declaration(terms(), 21) is None


def test_it_may_declare_only_where_contracts_make_it_count() -> None:
    agent = home(LACKING, now=20, habits=Habits(declare_always=False))
    agent.make_plan(terms(), 20)
    assert agent.declaration(terms(), 21) is None


def test_prices_are_the_utilitys_moved_by_the_own_margin() -> None:
    (bid, *_) = home(LACKING, now=20, margin_permille=100).decide(terms(rebate=20_000), 20).orders
    (ask, *_) = home(SUNNY, now=20, margin_permille=105).decide(terms(), 20).orders
    assert isinstance(bid, PlaceOrder)
    assert isinstance(ask, PlaceOrder)
    assert bid.limit_price_neur_per_wh == (CHEAP - 20_000) * 9 // 10
    assert ask.limit_price_neur_per_wh == FEED_IN * 1105 // 1000
    (greedy, *_) = home(SUNNY, now=20, margin_permille=1000).decide(terms(), 20).orders
    assert isinstance(greedy, PlaceOrder)
    assert greedy.limit_price_neur_per_wh == CHEAP


def test_a_declaration_covers_what_was_declared_before() -> None:
    agent = home(SUNNY, now=20)
    agent.account.declared_wh = {23: 900}
    (availability,) = agent.decide(terms(), 20).availability
    assert availability.energy_wh[1] == 900
