"""The auction against two others: a naive one of our own and pymarket's."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given

from abci_app.modules.market.clearing import Order, clear
from tests.market_clearing.books import Book, books, every_small_book
from tests.market_clearing.naive_auction import naive_clear

PYMARKET_CASES = Path(__file__).with_name("pymarket_cases.json")


def test_every_small_book_clears_as_the_naive_auction_clears_it() -> None:
    traded = 0
    for book in every_small_book():
        clearing = book.clear()
        assert clearing == naive_clear(*book), book
        traded += bool(clearing.volume_wh)
    assert traded > 1_000


@given(books(max_energy_wh=200))
def test_any_book_clears_as_the_naive_auction_clears_it(book: Book) -> None:
    assert book.clear() == naive_clear(*book)


def test_pymarket_finds_the_same_prices_volume_and_short_side() -> None:
    """Where the rules agree: which is not how the long side shares (pymarket takes the same off everybody,
    as the paper of 2002; the thesis and we take in proportion), and not equal prices (the cases have none;
    there pymarket wants the bid above the ask)."""
    traded = 0
    for case in json.loads(PYMARKET_CASES.read_text())["cases"]:
        bids = [Order(b"b%d" % index, *order) for index, order in enumerate(case["bids"])]
        asks = [Order(b"a%d" % index, *order) for index, order in enumerate(case["asks"])]
        clearing = clear(bids, asks, b"any")
        assert bool(clearing.volume_wh) == case["trades"], case
        if not clearing.volume_wh:
            continue
        traded += 1
        assert clearing.buy_price_neur_per_wh == case["price_buy"]
        assert clearing.sell_price_neur_per_wh == case["price_sell"]
        assert abs(sum(case["bought"]) - clearing.volume_wh) < 1e-6
        assert abs(sum(case["sold"]) - clearing.volume_wh) < 1e-6
        if clearing.bid_volume_wh <= clearing.ask_volume_wh:
            assert dict(clearing.bought) == {b"b%d" % i: wh for i, wh in enumerate(case["bought"]) if wh}
        if clearing.ask_volume_wh <= clearing.bid_volume_wh:
            assert dict(clearing.sold) == {b"a%d" % i: wh for i, wh in enumerate(case["sold"]) if wh}
    assert traded > 100
