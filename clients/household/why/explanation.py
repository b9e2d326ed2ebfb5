"""Why a home bought, sold, or did not trade in a slot: its forecast, its order, the critical pair, its share."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from clients.household.reason import Reason
from clients.household.slot_records import Decided
from wire.market import Book, Contract, Side

_PERMILLE = 1000


class Outcome(StrEnum):
    """What became of a home's order in a book."""

    TRADED = "traded"
    NO_ORDER = "no_order"
    NOT_THERE = "not_there"
    NOT_CLEARED = "not_cleared"
    NO_CROSSING = "no_crossing"
    ONE_PAIR = "one_pair"
    CRITICAL = "critical"
    PRICE = "price"
    TIE = "tie"
    NO_SHARE = "no_share"


class Account(NamedTuple):
    """One home's dealings in one book. ``book``: the chain's clearing record, where it could be had; ``contracts``: the
    home's. ``traded_wh``: bought less sold; ``share_permille``: what was traded of the order."""

    decided: Decided
    book: Book | None
    contracts: tuple[Contract, ...]
    outcome: Outcome
    traded_wh: int
    price_neur_per_wh: int
    share_permille: int

    @property
    def text(self) -> str:
        """The answer in a sentence or two."""
        return _sentence(self)


def account_for(decided: Decided, book: Book | None, contracts: Sequence[Contract], address: bytes) -> Account:
    """Follow an order through its book, from the rules of clearing (MODEL section 5)."""
    signed = [one.energy_wh if one.buyer == address else -one.energy_wh for one in contracts]
    traded_wh, price = sum(signed), 0
    if contracts:
        bought = contracts[0].buyer == address
        price = contracts[0].buy_price_neur_per_wh if bought else contracts[0].sell_price_neur_per_wh
    share = abs(traded_wh) * _PERMILLE // decided.energy_wh if decided.energy_wh else 0
    outcome = Outcome.TRADED if traded_wh else _without_trade(decided, book, address)
    return Account(decided, book, tuple(contracts), outcome, traded_wh, price, share)


def _without_trade(decided: Decided, book: Book | None, address: bytes) -> Outcome:
    if not decided.side:
        return Outcome.NO_ORDER
    if not decided.stood:
        return Outcome.NOT_THERE
    if book is None:
        return Outcome.NOT_CLEARED
    if not book.critical_buyer:
        return Outcome.NO_CROSSING
    if address in (book.critical_buyer, book.critical_seller):
        return Outcome.CRITICAL
    if not book.volume_wh:
        return Outcome.ONE_PAIR
    critical = book.buy_price_neur_per_wh if decided.side == Side.SIDE_BID else book.sell_price_neur_per_wh
    behind = critical - decided.price_neur_per_wh
    if decided.side == Side.SIDE_ASK:
        behind = -behind
    if behind > 0:
        return Outcome.PRICE
    return Outcome.NO_SHARE if behind < 0 else Outcome.TIE


def cents(price_neur_per_wh: int) -> str:
    """A price as people say it: 150000 neur/Wh are 15 ct/kWh."""
    return f"{price_neur_per_wh / 10_000:g} ct/kWh"


def order_text(decided: Decided) -> str:
    """The order in words."""
    if not decided.side:
        return f"none: {Reason(decided.reason).text}"
    if decided.side == Side.SIDE_BID:
        return f"buy {decided.energy_wh} Wh at {cents(decided.price_neur_per_wh)} or less"
    return f"sell {decided.energy_wh} Wh at {cents(decided.price_neur_per_wh)} or more"


def _sentence(account: Account) -> str:
    decided, book = account.decided, account.book
    bid = decided.side == Side.SIDE_BID
    own, others = ("bid", "ask") if bid else ("ask", "bid")
    if account.outcome is Outcome.TRADED:
        did = "bought" if account.traded_wh > 0 else "sold"
        text = f"{did} {abs(account.traded_wh)} Wh at {cents(account.price_neur_per_wh)}"
        if not decided.side:
            return f"{text}: an earlier order was to be withdrawn, but the book closed before"
        if decided.energy_wh:
            text += f", {account.share_permille / 10:g} % of what was ordered"
        if book is not None and account.share_permille < _PERMILLE and decided.energy_wh:
            longer = book.bid_volume_wh if bid else book.ask_volume_wh
            text += (
                f": the {own}s that won wanted {longer} Wh and {book.volume_wh} Wh were to be had, each got its part"
            )
        return text
    critical = 0 if book is None else book.buy_price_neur_per_wh if bid else book.sell_price_neur_per_wh
    return {
        Outcome.NO_ORDER: f"nothing was ordered: {Reason(decided.reason).text}",
        Outcome.NOT_THERE: "the order was sent, but the chain had not confirmed it when the book closed",
        Outcome.NOT_CLEARED: "the order stood; of how the book cleared nothing is known here",
        Outcome.NO_CROSSING: f"no bid reached any ask: nobody in this book traded with the {others}s there were",
        Outcome.ONE_PAIR: "only one bid or one ask could have traded; the critical pair sets the prices and does not "
        "trade, so nobody did",
        Outcome.CRITICAL: f"this home's {own} was of the critical pair, the last that meet: its price is what "
        f"{own}s before it trade at, and it does not trade itself",
        Outcome.PRICE: f"the {own} at {cents(decided.price_neur_per_wh)} came behind the critical {own} at "
        f"{cents(critical)}",
        Outcome.TIE: f"the {own} had the critical {own}'s price, and the draw among equal prices went to others",
        Outcome.NO_SHARE: f"the {own} won, but its part of the {others}s' energy was below 1 Wh, or the slot is "
        "settled and its agent never heard of the contract",
    }[account.outcome]
