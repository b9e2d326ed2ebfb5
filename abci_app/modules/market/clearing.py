"""The auction: a book of orders in, prices, fills and pairs out (MODEL section 5, thesis section 4.4).

It is the multi-unit double auction of Huang, Scheller-Wolf and Sycara (2002). The bid and the ask that meet
where demand crosses supply set the two prices and do not trade themselves; that is what makes the truthful
price everybody's best one. ``clear`` is a pure function of its arguments: integers only, no state, no clock,
the same bytes for the same book whatever order it is given in.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple


class Order(NamedTuple):
    """One side of a wish to trade: up to ``energy_wh``, at ``limit_price_neur_per_wh`` or better."""

    account: bytes
    energy_wh: int
    limit_price_neur_per_wh: int


class Fill(NamedTuple):
    """What one winner trades; never zero."""

    account: bytes
    energy_wh: int


class Pair(NamedTuple):
    """Whose energy goes to whom; never zero."""

    buyer: bytes
    seller: bytes
    energy_wh: int


class Clearing(NamedTuple):
    """What a book cleared to.

    Where nothing trades, volumes and prices are 0 and the tuples empty; the critical pair is still named if
    some bid reached some ask. ``bid_volume_wh`` and ``ask_volume_wh`` are what the winners of each side
    wanted (V_B, V_S), ``volume_wh`` the smaller of the two. ``bought``, ``sold`` and ``pairs`` are in order
    of tie key.
    """

    volume_wh: int = 0
    buy_price_neur_per_wh: int = 0
    sell_price_neur_per_wh: int = 0
    critical_buyer: bytes = b""
    critical_seller: bytes = b""
    bid_volume_wh: int = 0
    ask_volume_wh: int = 0
    bought: tuple[Fill, ...] = ()
    sold: tuple[Fill, ...] = ()
    pairs: tuple[Pair, ...] = ()


class _Ranked(NamedTuple):
    """An order as it is sorted: ``rank`` is the price with the best first, ``tie_key`` decides equal prices."""

    rank: int
    tie_key: bytes
    account: bytes
    energy_wh: int


def clear(bids: Sequence[Order], asks: Sequence[Order], seed: bytes) -> Clearing:
    """Clear one book; MODEL section 5, rules 1 to 5.

    The caller guarantees what placing an order has checked: energies (Wh) and prices (nano-euro per Wh) are
    positive, and an account has at most one order in the book, on one side only. Nothing is raised then.
    Takes O(n log n) for n orders. A winner whose share of a scarce other side rounds to 0 Wh gets no fill.

    Truthful prices are a dominant strategy; quantities are not covered by that (docs/market.md says more).
    """
    demand = sorted(_Ranked(-price, _tie_key(seed, account), account, wh) for account, wh, price in bids)
    supply = sorted(_Ranked(price, _tie_key(seed, account), account, wh) for account, wh, price in asks)
    critical = _critical_pair(demand, supply)
    if critical is None:
        return Clearing()
    critical_bid, critical_ask = critical
    buyer, seller = demand[critical_bid], supply[critical_ask]
    if critical_bid == 0 or critical_ask == 0:
        return Clearing(critical_buyer=buyer.account, critical_seller=seller.account)

    buyers, sellers = demand[:critical_bid], supply[:critical_ask]
    bid_volume_wh = sum(order.energy_wh for order in buyers)
    ask_volume_wh = sum(order.energy_wh for order in sellers)
    volume_wh = min(bid_volume_wh, ask_volume_wh)
    bought = _attribute(buyers, bid_volume_wh, volume_wh)
    sold = _attribute(sellers, ask_volume_wh, volume_wh)
    return Clearing(
        volume_wh=volume_wh,
        buy_price_neur_per_wh=-buyer.rank,
        sell_price_neur_per_wh=seller.rank,
        critical_buyer=buyer.account,
        critical_seller=seller.account,
        bid_volume_wh=bid_volume_wh,
        ask_volume_wh=ask_volume_wh,
        bought=bought,
        sold=sold,
        pairs=_pair(bought, sold),
    )


def _tie_key(seed: bytes, account: bytes) -> bytes:
    """Rule 1: nobody knows the seed while the book is open, so nobody can arrange to come first."""
    return sha256(seed + account).digest()


def _critical_pair(demand: Sequence[_Ranked], supply: Sequence[_Ranked]) -> tuple[int, int] | None:
    """Rule 2: the indices of the last bid and ask that meet while the bid still reaches the ask.

    The walk climbs both curves together: the owners of the k-th Wh of demand and of supply face each other,
    and the critical pair owns the last Wh for which demand is not below supply.
    """
    critical = None
    bid = ask = 0
    demand_wh = supply_wh = 0
    while bid < len(demand) and ask < len(supply) and -demand[bid].rank >= supply[ask].rank:
        critical = bid, ask
        demand_end_wh = demand_wh + demand[bid].energy_wh
        supply_end_wh = supply_wh + supply[ask].energy_wh
        if demand_end_wh <= supply_end_wh:
            bid, demand_wh = bid + 1, demand_end_wh
        if supply_end_wh <= demand_end_wh:
            ask, supply_wh = ask + 1, supply_end_wh
    return critical


def _attribute(winners: Sequence[_Ranked], wanted_wh: int, volume_wh: int) -> tuple[Fill, ...]:
    """Rule 3: each winner's ``energy_wh * volume_wh / wanted_wh``, by largest remainder, in tie-key order.

    The short side has ``wanted_wh == volume_wh`` and gets everything. A share never exceeds its order: where
    there is a remainder, the exact share is below the order and so is the next whole number above it at most.
    """
    in_tie_order = sorted((order.tie_key, order.account, order.energy_wh) for order in winners)
    shares_wh = [energy_wh * volume_wh // wanted_wh for _, _, energy_wh in in_tie_order]
    missing_wh = volume_wh - sum(shares_wh)
    if missing_wh:
        # `sorted` is stable, so equal remainders stay in tie-key order.
        remainders = [energy_wh * volume_wh % wanted_wh for _, _, energy_wh in in_tie_order]
        largest_first = sorted(range(len(remainders)), key=remainders.__getitem__, reverse=True)
        for index in largest_first[:missing_wh]:
            shares_wh[index] += 1
    return tuple(
        Fill(account, share_wh) for (_, account, _), share_wh in zip(in_tie_order, shares_wh, strict=True) if share_wh
    )


def _pair(bought: Sequence[Fill], sold: Sequence[Fill]) -> tuple[Pair, ...]:
    """Rule 5: walk both sides in tie-key order; each pair takes the smaller of what is left on either side."""
    pairs: list[Pair] = []
    sales = iter(sold)
    seller, left_to_sell_wh = b"", 0
    for buyer, bought_wh in bought:
        left_to_buy_wh = bought_wh
        while left_to_buy_wh:
            if not left_to_sell_wh:
                seller, left_to_sell_wh = next(sales)
            energy_wh = min(left_to_buy_wh, left_to_sell_wh)
            pairs.append(Pair(buyer, seller, energy_wh))
            left_to_buy_wh -= energy_wh
            left_to_sell_wh -= energy_wh
    return tuple(pairs)
