"""Writes ``pymarket_cases.json``: books cleared by pymarket's ``huang_auction``, an independent program.

pymarket brings pandas, networkx and a solver along, so it is no requirement of this project. To make the file
anew: ``pip install pymarket==0.7.6`` into a venv of its own and run this script with that venv's Python.
"""

from __future__ import annotations

import json
import random
from importlib.metadata import version
from pathlib import Path

# Installed only in the venv that makes the cases, see above.
import pymarket  # type: ignore[import-not-found]  # it lives in a venv of its own
from pymarket.mechanisms.huang_auction import huang_auction  # type: ignore[import-not-found]  # as above

CASES = 200


def main() -> None:
    random_books = random.Random(20020715)
    cases: list[dict[str, object]] = []
    while len(cases) < CASES:
        # Equal prices are left out: the two programs break ties differently, on purpose.
        orders = random_books.randint(2, 24)
        prices = random_books.sample(range(60_000, 180_000), orders)
        bids_count = random_books.randint(1, orders - 1)
        sizes_wh = [random_books.randint(1, random_books.choice((3, 50, 2_000))) for _ in prices]
        book = list(zip(sizes_wh, prices, strict=True))
        cases.append(cleared(book[:bids_count], book[bids_count:]))
    tool = f"pymarket {version('pymarket')}, pymarket.mechanisms.huang_auction"
    path = Path(__file__).with_name("pymarket_cases.json")
    lines = ",\n".join(json.dumps(case) for case in cases)
    path.write_text(f'{{"tool": {json.dumps(tool)}, "made_by": "{Path(__file__).name}", "cases": [\n{lines}\n]}}\n')


def cleared(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> dict[str, object]:
    """One case: the book and what pymarket makes of it; quantities in Wh, floats as pymarket gives them."""
    manager = pymarket.BidManager()
    for index, (energy_wh, price) in enumerate(bids + asks):
        manager.add_bid(energy_wh, price, index, index < len(bids))
    transactions, extra = huang_auction(manager.get_df())
    traded = transactions.get_df()
    quantities = dict(zip(traded["bid"].tolist(), traded["quantity"].tolist(), strict=True))
    return {
        "bids": bids,
        "asks": asks,
        "trades": bool(quantities),
        "price_buy": float(extra["price_buy"]) if extra else None,
        "price_sell": float(extra["price_sell"]) if extra else None,
        "bought": [float(quantities.get(index, 0)) for index in range(len(bids))],
        "sold": [float(quantities.get(index, 0)) for index in range(len(bids), len(bids) + len(asks))],
    }


if __name__ == "__main__":
    main()
