"""How long clearing takes, and that it grows as n log n: ``python -m tests.bench.clearing``.

The peer in the same run is ``sorted`` on plain tuples of the same orders: no auction can do with less than sorting
its book, so the ratio is what everything else costs (the hashes for ties, the attribution, the pairs).
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from functools import partial
from random import Random

from rich import box
from rich.console import Console
from rich.table import Table

from abci_app.modules.market.clearing import Order, clear

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
SEED = bytes(32)
REPEATS = 5
# Retail prices of a neighbourhood: feed-in 6 ct/kWh to supply 18 ct/kWh.
LOWEST_PRICE, HIGHEST_PRICE = 60_000, 180_000
MAX_ENERGY_WH = 2_000


def random_book(orders: int) -> tuple[list[Order], list[Order]]:
    """Half bids, half asks, from a fixed seed; about half of them trade."""
    random = Random(orders)
    book = [
        Order(random.randbytes(20), random.randint(1, MAX_ENERGY_WH), random.randint(LOWEST_PRICE, HIGHEST_PRICE))
        for _ in range(orders)
    ]
    return book[: orders // 2], book[orders // 2 :]


def best_seconds(work: Callable[[], object]) -> float:
    """The shortest of a few runs: what the work takes when nothing disturbs it."""
    times = []
    for _ in range(REPEATS):
        gc.collect()
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Print the table."""
    table = Table(title="Clearing a book of n orders", box=box.SIMPLE_HEAD)
    for heading in ("n", "clear s", "ns / (n log2 n)", "sorted s", "clear / sorted"):
        table.add_column(heading, justify="right")
    for orders in SIZES:
        bids, asks = random_book(orders)
        keys = [(order.limit_price_neur_per_wh, order.account, order.energy_wh) for order in bids + asks]
        clearing_seconds = best_seconds(partial(clear, bids, asks, SEED))
        sorting_seconds = best_seconds(partial(sorted, keys))
        table.add_row(
            f"{orders}",
            f"{clearing_seconds:.4f}",
            f"{clearing_seconds / (orders * math.log2(orders)) * 1e9:.0f}",
            f"{sorting_seconds:.4f}",
            f"{clearing_seconds / sorting_seconds:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
