"""A search for a lie that pays. No misreported price ever may.

Profits are counted in the liar's own true value, for what the book gives it, which is never more than its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.modules.market.clearing import Clearing, Order
from tests.market_clearing.books import Book, books, every_small_book, random_small_books


def profit_neur(clearing: Clearing, true: Order, buys: bool) -> int:
    """What the outcome is worth to somebody whose true order is ``true``."""
    if buys:
        energy_wh = dict(clearing.bought).get(true.account, 0)
        return energy_wh * (true.limit_price_neur_per_wh - clearing.buy_price_neur_per_wh)
    energy_wh = dict(clearing.sold).get(true.account, 0)
    return energy_wh * (clearing.sell_price_neur_per_wh - true.limit_price_neur_per_wh)


def with_order(book: Book, order: Order) -> Book:
    """The book in which the order's account says this instead."""
    return book._replace(
        bids=tuple(order if bid.account == order.account else bid for bid in book.bids),
        asks=tuple(order if ask.account == order.account else ask for ask in book.asks),
    )


def paying_lies(
    book: Book, prices: Iterable[int], auction: Callable[[Book], Clearing] = Book.clear
) -> Iterator[tuple[Order, Order]]:
    """Every (truth, lie) of one participant with a price from ``prices`` that beats the truth in this book."""
    truthful = auction(book)
    for buys, side in ((True, book.bids), (False, book.asks)):
        for true in side:
            honest_neur = profit_neur(truthful, true, buys)
            for price in prices:
                lie = true._replace(limit_price_neur_per_wh=price)
                if profit_neur(auction(with_order(book, lie)), true, buys) > honest_neur:
                    yield true, lie


def test_no_misreported_price_pays_in_any_small_book() -> None:
    # Prices are even, so that lies can fall between them, and beyond them at both ends.
    assert [(book, lie) for book in every_small_book() for lie in paying_lies(book, range(1, 8))] == []


def test_no_misreported_price_pays_in_thousands_of_larger_books() -> None:
    assert [(book, lie) for book in random_small_books(3_000) for lie in paying_lies(book, range(1, 12))] == []


@settings(max_examples=200)
@given(books(), st.data())
def test_no_misreported_price_pays_in_any_book(book: Book, data: st.DataObject) -> None:
    limits = [order.limit_price_neur_per_wh for order in book.bids + book.asks]
    near = sorted({price + step for price in limits for step in (-1, 0, 1) if price + step > 0})
    anywhere = data.draw(st.lists(st.integers(1, 250_000), max_size=3))
    assert list(paying_lies(book, near + anywhere)) == []


def at_the_middle_price(book: Book) -> Clearing:
    """An auction that shares the surplus out: one price for both sides, half way between the critical two."""
    clearing = book.clear()
    middle = (clearing.buy_price_neur_per_wh + clearing.sell_price_neur_per_wh) // 2
    return clearing._replace(buy_price_neur_per_wh=middle, sell_price_neur_per_wh=middle)


def test_the_search_does_find_lies_that_pay_in_an_auction_with_one_middle_price() -> None:
    lies = [lie for book in random_small_books(300) for lie in paying_lies(book, range(1, 12), at_the_middle_price)]
    assert len(lies) > 10


def test_withholding_quantity_can_pay() -> None:
    """The limit of the promise: it is about prices. Asking for less can move the critical pair in one's favour."""
    thirsty = Order(b"buyer 1", 4, 9)
    book = Book((thirsty, Order(b"buyer 2", 5, 4)), (Order(b"seller 1", 1, 2), Order(b"seller 2", 3, 4)), b"")
    modest = with_order(book, thirsty._replace(energy_wh=1))
    assert profit_neur(book.clear(), thirsty, buys=True) == 0
    assert profit_neur(modest.clear(), thirsty, buys=True) == 5
