"""Why a home traded or didn't, as plain data for programs, and as text for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer

from clients.household.why.explanation import Account, cents, order_text
from clients.household.why.lookup import Clearings, Remembered, accounts_of
from wire.market import Book, Side


def record_of(known: Remembered, clearings: Clearings) -> dict[str, Any]:
    """One home's answer as JSON takes it."""
    settled = known.settlement
    return {
        "home": known.home,
        "account": known.address.hex(),
        "slot": known.slot,
        "start_s": known.start_s,
        "missing": known.missing,
        "note": clearings.note,
        "books": [_book_record(account, clearings.proved) for account in accounts_of(known, clearings)],
        "settlement": None if settled is None else settled._asdict() | {"account": settled.account.hex()},
    }


def _book_record(account: Account, proved: bool) -> dict[str, Any]:
    row, book = account.decided, account.book
    side = {Side.SIDE_BID: "buy", Side.SIDE_ASK: "sell"}.get(Side(row.side))
    order = {"side": side, "energy_wh": row.energy_wh, "price_neur_per_wh": row.price_neur_per_wh}
    clearing = None
    if book is not None:
        fields = book._asdict()
        binary = {name: fields[name].hex() for name in ("seed", "critical_buyer", "critical_seller")}
        clearing = fields | binary | {"proved": proved}
    return {
        "product": row.product,
        "slot": row.slot,
        "slots": row.slots,
        "decided_in_slot": row.made_in,
        "forecast": {"load_wh": row.load_wh, "pv_wh": row.pv_wh},
        "contracted_before_wh": row.contracted_wh,
        "wanted_wh": row.wanted_wh,
        "reason": row.reason,
        "order": order if row.side else None,
        "order_stood": bool(row.stood),
        "clearing": clearing,
        "outcome": account.outcome.value,
        "traded_wh": account.traded_wh,
        "price_neur_per_wh": account.price_neur_per_wh,
        "share_permille": account.share_permille,
        "text": account.text,
    }


def print_known(known: Remembered, clearings: Clearings) -> None:
    when = datetime.fromtimestamp(known.start_s, UTC).strftime(", %Y-%m-%d %H:%M:%S UTC") if known.start_s else ""
    typer.echo(f"{known.home}, slot {known.slot}{when}")
    if known.missing:
        typer.echo(f"  {known.missing}")
    for account in accounts_of(known, clearings):
        row, book = account.decided, account.book
        block = f" to {row.slot + row.slots - 1}" if row.slots > 1 else ""
        wanted = f"to {'buy' if row.wanted_wh > 0 else 'sell'} {abs(row.wanted_wh)} Wh" if row.wanted_wh else "nothing"
        typer.echo(f"  {row.product}, slot {row.slot}{block}: {account.text}")
        typer.echo(f"    forecast in slot {row.made_in}: load {row.load_wh} Wh, PV {row.pv_wh} Wh")
        typer.echo(f"    contracted before: {row.contracted_wh} Wh; wanted beyond that: {wanted}")
        typer.echo(f"    order: {order_text(row)}")
        if book is not None:
            typer.echo(
                f"    clearing: {_clearing_text(book, known.address)} ({'proved' if clearings.proved else 'said'})"
            )
    if known.settlement is not None:
        one = known.settlement
        paid_neur = -(one.contracts_neur + one.deviation_neur + one.rebate_neur + one.reward_neur)
        typer.echo(
            f"  settled: the meter counted {one.flow_wh} Wh, {one.bought_wh - one.sold_wh} Wh were contracted; "
            f"paid {paid_neur / 1e9:.6f} eur"
        )


def _clearing_text(book: Book, address: bytes) -> str:
    orders = f"{book.bids} bids, {book.asks} asks"
    if not book.critical_buyer:
        return f"{orders}, of which none met"
    parties = (book.critical_buyer, book.critical_seller)
    buyer, seller = ("this home" if party == address else f"{party.hex()[:8]}…" for party in parties)
    if not book.volume_wh:
        return f"{orders}; critical pair: {buyer} and {seller}, and nobody before one of them; block {book.height}"
    return (
        f"{orders}; critical pair: bid of {buyer} at {cents(book.buy_price_neur_per_wh)}, ask of {seller} at "
        f"{cents(book.sell_price_neur_per_wh)}; before it {book.bid_volume_wh} Wh of bids, {book.ask_volume_wh} Wh of "
        f"asks; traded {book.volume_wh} Wh; block {book.height}"
    )
