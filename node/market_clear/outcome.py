"""What a book came to: as plain data for programs, as tables for people."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from abci_app.modules.market.clearing import Clearing

_SHOWN_FILLS = 50
_NEUR_PER_EUR_DIGITS = 9
# 10^4 nano-euro per Wh are one euro cent per kWh.
_NEUR_PER_WH_TO_CT_PER_KWH_DIGITS = 4


class FillRecord(TypedDict):
    """A winner. ``payment_neur`` is what a buyer pays or a seller receives, positive for both."""

    account: str
    side: str
    energy_wh: int
    payment_neur: int


class Outcome(TypedDict):
    """A cleared book; prices are None when nothing trades. Fills: bids before asks, each by account name."""

    volume_wh: int
    buy_price_neur_per_wh: int | None
    sell_price_neur_per_wh: int | None
    surplus_neur: int
    fills: list[FillRecord]


def outcome_of(clearing: Clearing) -> Outcome:
    """The outcome of a clearing whose accounts are UTF-8 names."""
    buy_price, sell_price = clearing.buy_price_neur_per_wh, clearing.sell_price_neur_per_wh
    trades = clearing.volume_wh > 0
    fills = [
        FillRecord(account=account.decode(), side=side, energy_wh=energy_wh, payment_neur=energy_wh * price)
        for side, side_fills, price in (("bid", clearing.bought, buy_price), ("ask", clearing.sold, sell_price))
        for account, energy_wh in sorted(side_fills)
    ]
    return Outcome(
        volume_wh=clearing.volume_wh,
        buy_price_neur_per_wh=buy_price if trades else None,
        sell_price_neur_per_wh=sell_price if trades else None,
        surplus_neur=clearing.volume_wh * (buy_price - sell_price),
        fills=fills,
    )


def print_outcome(clearing: Clearing, console: Console) -> None:
    """Print the outcome for people: the summary, then at most fifty fills."""
    outcome = outcome_of(clearing)
    console.print(_summary(clearing, outcome))
    if not outcome["fills"]:
        return
    fills = Table("account", "side", box=box.SIMPLE_HEAD)
    fills.add_column("energy Wh", justify="right")
    fills.add_column("payment EUR", justify="right")
    for fill in outcome["fills"][:_SHOWN_FILLS]:
        payment_eur = _shifted(fill["payment_neur"], _NEUR_PER_EUR_DIGITS)
        fills.add_row(Text(fill["account"]), fill["side"], str(fill["energy_wh"]), payment_eur)
    console.print(fills)
    if len(outcome["fills"]) > _SHOWN_FILLS:
        console.print(f"... and {len(outcome['fills']) - _SHOWN_FILLS} more; --json lists all of them.")


def _summary(clearing: Clearing, outcome: Outcome) -> Table:
    summary = Table.grid(padding=(0, 2))
    if not outcome["volume_wh"]:
        summary.add_row("nothing trades", Text(_why_nothing_trades(clearing)))
        return summary
    summary.add_row("volume", f"{clearing.volume_wh} Wh")
    summary.add_row("buyers pay", _price(clearing.buy_price_neur_per_wh), _set_by(clearing.critical_buyer))
    summary.add_row("sellers receive", _price(clearing.sell_price_neur_per_wh), _set_by(clearing.critical_seller))
    summary.add_row("surplus", f"{_shifted(outcome['surplus_neur'], _NEUR_PER_EUR_DIGITS)} EUR")
    return summary


def _why_nothing_trades(clearing: Clearing) -> str:
    if not clearing.critical_buyer:
        return "no bid reaches an ask"
    buyer, seller = clearing.critical_buyer.decode(), clearing.critical_seller.decode()
    return f"{buyer} and {seller} would set the prices, and nobody is left on one side to trade at them"


def _set_by(account: bytes) -> Text:
    return Text(f"set by {account.decode()}, who does not trade")


def _price(price_neur_per_wh: int) -> str:
    ct_per_kwh = _shifted(price_neur_per_wh, _NEUR_PER_WH_TO_CT_PER_KWH_DIGITS)
    return f"{price_neur_per_wh} neur/Wh ({ct_per_kwh} ct/kWh)"


def _shifted(amount: int, digits: int) -> str:
    """``amount / 10**digits`` in full, without rounding and without an exponent."""
    return f"{Decimal(amount).scaleb(-digits).normalize():f}"
