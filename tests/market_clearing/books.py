"""Books of orders for the tests: every small one, random ones, and hypothesis strategies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, product
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from abci_app.modules.market.clearing import Clearing, Order, clear

SMALL_PRICES = (2, 4, 6)
SMALL_ENERGIES_WH = (1, 2)


class Book(NamedTuple):
    """The arguments of ``clear``."""

    bids: tuple[Order, ...]
    asks: tuple[Order, ...]
    seed: bytes

    def clear(self) -> Clearing:
        return clear(self.bids, self.asks, self.seed)


def every_small_book() -> Iterator[Book]:
    """Every book of at most three bids and three asks on the small grids, with a seed of its own: 7,056."""
    sides = [
        side
        for size in range(4)
        for side in combinations_with_replacement(list(product(SMALL_ENERGIES_WH, SMALL_PRICES)), size)
    ]
    for number, (bids, asks) in enumerate(product(sides, sides)):
        yield Book(_named(b"buyer", bids), _named(b"seller", asks), number.to_bytes(2, "big"))


def random_small_books(count: int) -> Iterator[Book]:
    """Books of at most five orders a side on grids of changing coarseness, so that ties are common."""
    for number in range(count):
        random = Random(number)
        top_price, top_energy_wh = random.choice((4, 6, 10)), random.choice((2, 4, 6))

        def side(random: Random = random, e: int = top_energy_wh, p: int = top_price) -> list[tuple[int, int]]:
            return [(random.randint(1, e), random.randint(1, p)) for _ in range(random.randint(1, 5))]

        yield Book(_named(b"buyer", side()), _named(b"seller", side()), random.randbytes(4))


def _named(name: bytes, side: Sequence[tuple[int, int]]) -> tuple[Order, ...]:
    return tuple(Order(b"%s %d" % (name, number), *order) for number, order in enumerate(side))


@st.composite
def books(draw: st.DrawFn, max_orders: int = 12, max_energy_wh: int = 3_000, max_price: int = 200_000) -> Book:
    """Any book: accounts of any bytes, few distinct prices as often as many."""
    accounts = draw(st.lists(st.binary(min_size=1, max_size=20), unique=True, max_size=max_orders))
    prices = st.integers(1, draw(st.sampled_from((3, 20, max_price))))
    energies_wh = st.integers(1, draw(st.sampled_from((3, max_energy_wh))))
    orders = [Order(account, draw(energies_wh), draw(prices)) for account in accounts]
    bids_count = draw(st.integers(0, len(orders)))
    return Book(tuple(orders[:bids_count]), tuple(orders[bids_count:]), draw(st.binary(max_size=32)))
