"""One slot's book, cleared by the very code that consensus runs."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from abci_app.modules.market.clearing import Order, clear
from studies.arrays import Whole


class Traded(NamedTuple):
    """What each home bought (positive) or sold, Wh, and at what price: (homes,)."""

    energy_wh: Whole
    price_neur_per_wh: Whole


def trade(names: Sequence[str], offers_wh: Sequence[int], bid: Whole, ask: Whole, draw: str) -> Traded:
    """Clear a book in which each home offers its ``offers_wh`` (bought positive) at its own bid or ask.

    ``draw`` decides between equal prices, as the app hash does on the chain.
    """
    at = {name.encode(): number for number, name in enumerate(names)}
    orders = [
        (name, energy, int(bid[at[name]]), int(ask[at[name]])) for name, energy in zip(at, offers_wh, strict=True)
    ]
    cleared = clear(
        [Order(name, energy, price) for name, energy, price, _ in orders if energy > 0 and price > 0],
        [Order(name, -energy, price) for name, energy, _, price in orders if energy < 0],
        sha256(draw.encode()).digest(),
    )
    energy_wh, price = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    for fill in cleared.bought:
        energy_wh[at[fill.account]], price[at[fill.account]] = fill.energy_wh, cleared.buy_price_neur_per_wh
    for fill in cleared.sold:
        energy_wh[at[fill.account]], price[at[fill.account]] = -fill.energy_wh, cleared.sell_price_neur_per_wh
    return Traded(energy_wh, price)


def efficient_wh(offers_wh: Sequence[int], bid: Whole, ask: Whole) -> int:
    """What an auction without strategy-proofness would trade: where demand crosses supply (Wh)."""
    demand = sorted(((int(b), wh) for wh, b in zip(offers_wh, bid, strict=True) if wh > 0), reverse=True)
    supply = sorted((int(a), -wh) for wh, a in zip(offers_wh, ask, strict=True) if wh < 0)
    volume = buying = selling = 0
    while demand and supply and demand[0][0] >= supply[0][0]:
        buying, selling = buying or demand[0][1], selling or supply[0][1]
        step = min(buying, selling)
        volume, buying, selling = volume + step, buying - step, selling - step
        if not buying:
            demand.pop(0)
        if not selling:
            supply.pop(0)
    return volume
