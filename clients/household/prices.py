"""Limit prices: the utility's alternative, moved by the household's own margin (MODEL section 7, thesis 4.6.1)."""

from __future__ import annotations

import hashlib

from clients.household.terms import Terms

PERMILLE = 1000


def own_margin_permille(account: bytes, highest_permille: int) -> int:
    """A household's margin, uniform over 0 to ``highest_permille`` and always the same for one account."""
    number = int.from_bytes(hashlib.sha256(b"vdg/household-margin" + account).digest()[:8], "big")
    return number % (highest_permille + 1)


def bid_neur_per_wh(terms: Terms, slot: int, margin_permille: int) -> int:
    """The most that is paid: (p_u - r_t) less the margin, rounded down; 0 where nothing is worth buying."""
    alternative = terms.buy_price(slot) - terms.of(slot).rebate_neur_per_wh
    return max(0, alternative * (PERMILLE - margin_permille) // PERMILLE)


def ask_neur_per_wh(terms: Terms, slot: int, margin_permille: int) -> int:
    """The least that is taken: the feed-in tariff with the margin on top, rounded up, at most p_u and at least 1."""
    wanted = -(-terms.sell_price(slot) * (PERMILLE + margin_permille) // PERMILLE)
    return max(1, min(wanted, terms.buy_price(slot)))
