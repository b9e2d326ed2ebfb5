"""The auction once more, from the definition instead of the walk: slow, obvious, sharing only the types.

Every order is taken apart into single Wh. The k-th Wh of demand faces the k-th Wh of supply; the critical pair
owns the last one for which demand is not below supply. Shares are exact fractions. Pairs are what one gets by
laying the bought and the sold Wh side by side.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from abci_app.modules.market.clearing import Clearing, Fill, Order, Pair


def naive_clear(bids: Sequence[Order], asks: Sequence[Order], seed: bytes) -> Clearing:
    """What ``clear`` must give for the same book."""

    def tie_key(account: bytes) -> str:
        return hashlib.sha256(seed + account).hexdigest()

    def dearest_first(order: Order) -> tuple[int, str]:
        return -order.limit_price_neur_per_wh, tie_key(order.account)

    def cheapest_first(order: Order) -> tuple[int, str]:
        return order.limit_price_neur_per_wh, tie_key(order.account)

    demand = sorted(bids, key=dearest_first)
    supply = sorted(asks, key=cheapest_first)
    facing = [
        (bid, ask)
        for bid, ask in zip(_single_wh(demand), _single_wh(supply), strict=False)
        if bid.limit_price_neur_per_wh >= ask.limit_price_neur_per_wh
    ]
    if not facing:
        return Clearing()
    last_bid, last_ask = facing[-1]
    buyers = demand[: demand.index(last_bid)]
    sellers = supply[: supply.index(last_ask)]
    if not buyers or not sellers:
        return Clearing(critical_buyer=last_bid.account, critical_seller=last_ask.account)

    wanted_wh = sum(order.energy_wh for order in buyers)
    offered_wh = sum(order.energy_wh for order in sellers)
    volume_wh = min(wanted_wh, offered_wh)

    def shares(winners: Sequence[Order]) -> tuple[Fill, ...]:
        total_wh = sum(order.energy_wh for order in winners)
        exact = {order.account: Fraction(order.energy_wh * volume_wh, total_wh) for order in winners}
        share_wh = {account: int(share) for account, share in exact.items()}
        while sum(share_wh.values()) < volume_wh:
            # Nobody gets two: the one served has a negative remainder from then on.
            account = min(exact, key=lambda a: (share_wh[a] - exact[a], tie_key(a)))
            share_wh[account] += 1
        return tuple(Fill(a, share_wh[a]) for a in sorted(share_wh, key=tie_key) if share_wh[a] > 0)

    bought, sold = shares(buyers), shares(sellers)
    side_by_side = zip(
        [fill.account for fill in bought for _ in range(fill.energy_wh)],
        [fill.account for fill in sold for _ in range(fill.energy_wh)],
        strict=True,
    )
    return Clearing(
        volume_wh=volume_wh,
        buy_price_neur_per_wh=last_bid.limit_price_neur_per_wh,
        sell_price_neur_per_wh=last_ask.limit_price_neur_per_wh,
        critical_buyer=last_bid.account,
        critical_seller=last_ask.account,
        bid_volume_wh=wanted_wh,
        ask_volume_wh=offered_wh,
        bought=bought,
        sold=sold,
        pairs=tuple(Pair(buyer, seller, wh) for (buyer, seller), wh in Counter(side_by_side).items()),
    )


def _single_wh(orders: Sequence[Order]) -> list[Order]:
    return [order for order in orders for _ in range(order.energy_wh)]
