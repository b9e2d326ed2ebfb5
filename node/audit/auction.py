"""The auction of MODEL section 5, from its five rules; a pure function of the book and the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from node.audit.shares import by_largest_remainder
from wire.market import Order


class Trade(NamedTuple):
    """Whose energy goes to whom."""

    buyer: bytes
    seller: bytes
    energy_wh: int


class Outcome(NamedTuple):
    """What a book comes to; zeros and nothing where nobody trades."""

    critical_buyer: bytes = b""
    critical_seller: bytes = b""
    wanted_wh: int = 0
    offered_wh: int = 0
    volume_wh: int = 0
    buy_price: int = 0
    sell_price: int = 0
    won_wh: Mapping[bytes, int] = MappingProxyType({})
    trades: tuple[Trade, ...] = ()


def hold_auction(bids: Sequence[Order], asks: Sequence[Order], seed: bytes) -> Outcome:
    """Prices by the last pair that meets, which does not trade; volumes by the short side."""

    def tie(account: bytes) -> bytes:
        return sha256(seed + account).digest()

    demand = sorted(bids, key=lambda order: (-order.limit_price_neur_per_wh, tie(order.account)))
    supply = sorted(asks, key=lambda order: (order.limit_price_neur_per_wh, tie(order.account)))
    last = _last_pair(demand, supply)
    if last is None:
        return Outcome()
    buyers, sellers = demand[: last[0]], supply[: last[1]]
    buyer, seller = demand[last[0]], supply[last[1]]
    if not buyers or not sellers:
        return Outcome(buyer.account, seller.account)
    wanted, offered = sum(o.energy_wh for o in buyers), sum(o.energy_wh for o in sellers)
    volume = min(wanted, offered)
    bought, sold = [
        dict(
            sorted(
                zip(
                    (order.account for order in side),
                    by_largest_remainder(
                        volume, [order.energy_wh for order in side], [tie(order.account) for order in side]
                    ),
                    strict=True,
                ),
                key=lambda won: tie(won[0]),
            )
        )
        for side in (buyers, sellers)
    ]
    return Outcome(
        buyer.account,
        seller.account,
        wanted,
        offered,
        volume,
        buyer.limit_price_neur_per_wh,
        seller.limit_price_neur_per_wh,
        bought | sold,
        _pairs(bought, sold),
    )


def _last_pair(demand: Sequence[Order], supply: Sequence[Order]) -> tuple[int, int] | None:
    """Rule 2: the last bid and ask that face each other while the bid reaches the ask."""
    up_to_bid = list(accumulate(order.energy_wh for order in demand))
    up_to_ask = list(accumulate(order.energy_wh for order in supply))
    found = None
    i = j = 0
    while i < len(demand) and j < len(supply):
        if demand[i].limit_price_neur_per_wh < supply[j].limit_price_neur_per_wh:
            break
        found = i, j
        i, j = i + (up_to_bid[i] <= up_to_ask[j]), j + (up_to_ask[j] <= up_to_bid[i])
    return found


def _pairs(bought: dict[bytes, int], sold: dict[bytes, int]) -> tuple[Trade, ...]:
    """Rule 5: both sides on one line in tie order; a contract is where a buyer's stretch meets a seller's."""
    ends = sorted({*accumulate(bought.values()), *accumulate(sold.values())} - {0})
    trades, at = [], 0
    for end in ends:
        trades.append(Trade(_whose(bought, at), _whose(sold, at), end - at))
        at = end
    return tuple(trades)


def _whose(stretches: dict[bytes, int], place: int) -> bytes:
    """Who owns the Wh at a place of the line."""
    for account, energy in stretches.items():
        if place < energy:
            return account
        place -= energy
    return b""
