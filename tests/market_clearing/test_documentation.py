"""Every number in docs/market.md comes out of the code."""

from __future__ import annotations

import re
from pathlib import Path

from abci_app.modules.market.clearing import clear
from node.market_clear.orders_csv import OrdersFile, parse_orders
from tests.market_clearing.market_clear import REPOSITORY, market_clear

PAGE = (REPOSITORY / "docs" / "market.md").read_text(encoding="utf-8")
SEED = bytes(32)


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def table_rows(first_heading: str) -> list[list[str]]:
    """The cells of the table whose first column is headed so, without emphasis."""
    _, _, rest = PAGE.partition(f"| {first_heading} |")
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines]


def example() -> OrdersFile:
    return parse_orders(blocks("csv")[0].encode())


def test_the_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    for name, content, console in zip(("orders.csv", "broken.csv"), blocks("csv"), blocks("console"), strict=True):
        (tmp_path / name).write_text(content, encoding="utf-8")
        prompt, *shown = console.splitlines()
        assert prompt == f"$ vdg market clear {name}"
        done = market_clear(name, cwd=tmp_path)
        printed = (done.stdout + done.stderr).decode().splitlines()
        assert [line.rstrip() for line in printed if line.strip()] == [line for line in shown if line]


def test_the_contracts_of_the_example_are_the_pages() -> None:
    book = example()
    pairs = clear(book.bids, book.asks, SEED).pairs
    assert table_rows("buyer") == [[p.buyer.decode(), p.seller.decode(), str(p.energy_wh)] for p in pairs]


def test_the_lies_in_the_example_end_as_the_page_says() -> None:
    book = example()
    truth = {bid.account.decode(): bid.limit_price_neur_per_wh for bid in book.bids}
    rows = table_rows("who")
    assert len(rows) == 8
    for who, price, *outcome in rows:
        bids = [
            bid._replace(limit_price_neur_per_wh=int(price)) if bid.account == who.encode() else bid
            for bid in book.bids
        ]
        clearing = clear(bids, book.asks, SEED)
        bought_wh = dict(clearing.bought).get(who.encode(), 0)
        gain_neur = bought_wh * (truth[who] - clearing.buy_price_neur_per_wh)
        # The critical bid's price is shown even where the one who set it bought nothing.
        assert outcome == [str(bought_wh), str(clearing.buy_price_neur_per_wh), str(gain_neur)]
