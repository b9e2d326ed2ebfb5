"""What must hold for every book."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from abci_app.modules.market.clearing import Order, clear
from tests.market_clearing.books import Book, books


@given(books())
def test_nobody_pays_above_its_bid_or_receives_below_its_ask(book: Book) -> None:
    clearing = book.clear()
    bids = {order.account: order for order in book.bids}
    asks = {order.account: order for order in book.asks}
    for account, energy_wh in clearing.bought:
        assert 0 < energy_wh <= bids[account].energy_wh
        assert clearing.buy_price_neur_per_wh <= bids[account].limit_price_neur_per_wh
    for account, energy_wh in clearing.sold:
        assert 0 < energy_wh <= asks[account].energy_wh
        assert clearing.sell_price_neur_per_wh >= asks[account].limit_price_neur_per_wh


@given(books())
def test_buyers_together_pay_at_least_what_sellers_receive(book: Book) -> None:
    clearing = book.clear()
    assert clearing.buy_price_neur_per_wh >= clearing.sell_price_neur_per_wh


@given(books())
def test_what_is_bought_is_what_is_sold(book: Book) -> None:
    clearing = book.clear()
    assert sum(fill.energy_wh for fill in clearing.bought) == clearing.volume_wh
    assert sum(fill.energy_wh for fill in clearing.sold) == clearing.volume_wh
    assert clearing.volume_wh == min(clearing.bid_volume_wh, clearing.ask_volume_wh)


@given(books(max_orders=24))
def test_pairs_are_few_and_add_up_to_the_fills(book: Book) -> None:
    clearing = book.clear()
    bought: Counter[bytes] = Counter()
    sold: Counter[bytes] = Counter()
    for buyer, seller, energy_wh in clearing.pairs:
        assert energy_wh > 0
        bought[buyer] += energy_wh
        sold[seller] += energy_wh
    assert bought == Counter(dict(clearing.bought))
    assert sold == Counter(dict(clearing.sold))
    assert len({pair[:2] for pair in clearing.pairs}) == len(clearing.pairs)
    assert len(clearing.pairs) <= max(0, len(clearing.bought) + len(clearing.sold) - 1)


@given(books(max_orders=24))
def test_each_share_is_within_one_watt_hour_of_the_exact_proportion(book: Book) -> None:
    clearing = book.clear()
    bids = {order.account: order.energy_wh for order in book.bids}
    asks = {order.account: order.energy_wh for order in book.asks}
    for account, energy_wh in clearing.bought:
        assert abs(energy_wh * clearing.bid_volume_wh - bids[account] * clearing.volume_wh) < clearing.bid_volume_wh
    for account, energy_wh in clearing.sold:
        assert abs(energy_wh * clearing.ask_volume_wh - asks[account] * clearing.volume_wh) < clearing.ask_volume_wh


@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(book: Book, random: Random) -> None:
    bids, asks = list(book.bids), list(book.asks)
    random.shuffle(bids)
    random.shuffle(asks)
    assert repr(clear(bids, asks, book.seed)) == repr(book.clear())


@given(books())
def test_clearing_changes_none_of_its_arguments(book: Book) -> None:
    bids, asks = list(book.bids), list(book.asks)
    clear(bids, asks, book.seed)
    assert (tuple(bids), tuple(asks)) == (book.bids, book.asks)


def test_equal_orders_win_equally_often() -> None:
    seeds, buyers = 4_000, 5
    bids = [Order(b"home %d" % number, 10, 5) for number in range(buyers)]
    # Two of the five trade, the third is critical, the others lose.
    asks = [Order(b"sun", 20, 1), Order(b"roof", 5, 2)]
    wins = Counter(fill.account for seed in range(seeds) for fill in clear(bids, asks, seed.to_bytes(32, "big")).bought)
    expected = seeds * 2 / buyers
    deviation = (seeds * (2 / buyers) * (1 - 2 / buyers)) ** 0.5
    assert sum(wins.values()) == 2 * seeds
    assert all(abs(wins[order.account] - expected) < 4 * deviation for order in bids), wins
