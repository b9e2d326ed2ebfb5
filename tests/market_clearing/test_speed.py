"""The bars on clearing, in processor time, so that a busy machine does not fail them."""

from __future__ import annotations

import time

import pytest

from abci_app.modules.market.clearing import clear
from tests.bench.clearing import SEED, random_book


@pytest.mark.parametrize(("orders", "bar_seconds"), [(10_000, 0.1), (100_000, 1.5)])
def test_a_large_book_clears_within_the_bar(orders: int, bar_seconds: float) -> None:
    bids, asks = random_book(orders)

    def seconds() -> float:
        started = time.process_time()
        clear(bids, asks, SEED)
        return time.process_time() - started

    assert min(seconds() for _ in range(3)) < bar_seconds
