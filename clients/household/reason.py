"""Why a home offers something in a book of the market, or nothing."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What decided, as it was when the book closed."""

    OFFERED = "offered"
    NOTHING_WANTED = "nothing_wanted"
    MIXED = "mixed"
    TOO_LITTLE = "too_little"
    LIMITED = "limited"
    NO_PRICE = "no_price"
    ELSEWHERE = "elsewhere"
    SHORT_OF_MONEY = "short_of_money"
    IN_DEBT = "in_debt"
    SUSPENDED = "suspended"
    PAUSED = "paused"
    UNHEARD = "unheard"
    UNPLANNED = "unplanned"

    @property
    def text(self) -> str:
        """For people."""
        return _TEXTS[self]


_TEXTS = {
    Reason.OFFERED: "there was something to trade",
    Reason.NOTHING_WANTED: "the plan needed nothing and had nothing over beyond what was contracted",
    Reason.MIXED: "of the block's slots some lacked energy and others had it over, and a block is one or the other",
    Reason.TOO_LITTLE: "what there was to trade is less than offers.min_offer_wh, not worth an order",
    Reason.LIMITED: "the DSO's cap or what the registered devices deliver left no room",
    Reason.NO_PRICE: "at the home's margin no price was worth it, or the product does not allow it",
    Reason.ELSEWHERE: "what there was to trade was offered in books that closed before, or waited for its turn",
    Reason.SHORT_OF_MONEY: "there was not enough free money to back a bid",
    Reason.IN_DEBT: "the account was in debt, and the chain takes no orders until that is paid",
    Reason.SUSPENDED: "the chain took nothing from this account; `vdg household status` shows the alarm",
    Reason.PAUSED: "you had paused trading, by the profile or by an override (`vdg home overrides`)",
    Reason.UNHEARD: "nothing had been heard of the house for half an hour: look at its inverter and the broker",
    Reason.UNPLANNED: "there was no plan for the slot",
}
