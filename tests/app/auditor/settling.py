"""Clearing at the gate and settling a slot, as MODEL sections 5 and 6 say it."""

from __future__ import annotations

from abci_app.modules.market.clearing import Order
from tests.app.auditor.books import DSO, REWARDS, SUPPLIER, VALIDATORS, Deal, State, by_largest_remainder, one_by_one
from tests.market_clearing.naive_auction import naive_clear


def clear_book(state: State, name: str, slot: int, seed: bytes) -> None:
    """Trade a book's orders; free what backs the rest."""
    product = state.products[name]
    orders = {account: o for account, o in state.orders.pop((name, slot), {}).items() if o.energy_wh}
    state.open_books.discard((name, slot))
    bids = [Order(account, o.energy_wh, o.price) for account, o in orders.items() if o.bid]
    asks = [Order(account, o.energy_wh, o.price) for account, o in orders.items() if not o.bid]
    result = naive_clear(bids, asks, seed)
    won = {fill.account: fill.energy_wh for fill in (*result.bought, *result.sold)}
    for account, order in orders.items():
        energy = won.get(account, 0)
        if order.bid:
            back = order.energy_wh * order.price - energy * result.buy_price_neur_per_wh
            state.escrow[account] -= back
            state.free[account] += back
            continue
        kept = one_by_one(energy, product.block)
        for index, offered in enumerate(one_by_one(order.energy_wh, product.block)):
            state.held[slot + index, account] -= offered - kept[index]
    dealt: dict[bytes, int] = {}
    number = 0
    for pair in result.pairs:
        in_slot = [0] * product.block
        for _ in range(pair.energy_wh):
            in_slot[dealt.setdefault(pair.seller, 0) % product.block] += 1
            dealt[pair.seller] += 1
        for index, energy in enumerate(in_slot):
            if energy:
                prices = result.buy_price_neur_per_wh, result.sell_price_neur_per_wh
                state.deals.append(Deal(slot + index, name, number, pair.buyer, pair.seller, energy, *prices))
                state.made += 1
                number += 1


def settle(state: State, slot: int) -> None:
    """Contracts, rebates, feed-in, charges, rewards, consumption, in this order."""
    flows = dict(sorted(state.flows[slot].items()))
    deals = sorted((d for d in state.deals if d.slot == slot), key=lambda d: d.rank)
    proved = [d for d in deals if d.buyer in flows and d.seller in flows]
    for deal in deals:
        if deal not in proved:
            state.escrow[deal.buyer] -= deal.energy_wh * deal.pays
            state.free[deal.buyer] += deal.energy_wh * deal.pays
    bought = {a: sum(d.energy_wh for d in proved if d.buyer == a) for a in flows}
    sold = {a: sum(d.energy_wh for d in proved if d.seller == a) for a in flows}
    verified = _verified(proved, flows)
    for deal in proved:
        state.escrow[deal.buyer] -= deal.energy_wh * deal.pays
        state.free[deal.seller] += deal.energy_wh * deal.gets
        state.free[VALIDATORS] += deal.energy_wh * (deal.pays - deal.gets)
        energy = verified[deal]
        if energy:
            state.certificates[deal.name] = energy
            state.holdings[deal.name, deal.buyer] += energy
        state.pay_or_owe(DSO, deal.buyer, energy * state.rebates.get(slot, 0), "rebate")
    _trade_rest(state, slot, flows, {a: bought[a] - sold[a] for a in flows}, proved)
    state.deals = [d for d in state.deals if d.slot != slot]
    state.ended += len(deals)
    for account in [a for s, a in state.declared if s == slot]:
        del state.declared[slot, account]
        state.held.pop((slot, account), None)
    for account in [a for s, a in state.planned if s == slot]:
        del state.planned[slot, account]
    state.closed.add(slot)


def _verified(deals: list[Deal], flows: dict[bytes, int]) -> dict[Deal, int]:
    """What really flowed under each contract: the smaller of what its two sides delivered."""
    delivered: dict[Deal, list[int]] = {deal: [] for deal in deals}
    for buying in (True, False):
        for account, flow in flows.items():
            own = [d for d in deals if account == (d.buyer if buying else d.seller)]
            metered = max(flow if buying else -flow, 0)
            total = min(sum(d.energy_wh for d in own), metered)
            parts = by_largest_remainder(total, [d.energy_wh for d in own], [d.name.encode() for d in own])
            for deal, part in zip(own, parts, strict=True):
                delivered[deal].append(part)
    return {deal: min(parts) for deal, parts in delivered.items()}


def _trade_rest(state: State, slot: int, flows: dict[bytes, int], market: dict[bytes, int], proved: list[Deal]) -> None:
    rules = state.rules
    for account, flow in flows.items():
        if flow < market[account]:
            state.pay_or_owe(SUPPLIER, account, (market[account] - flow) * rules.sell_price, "feed-in")
    parties = [a for a in flows if any(a in (d.buyer, d.seller) for d in proved)]
    rewards = []
    for account in parties:
        planned = market[account] + state.planned.get((slot, account), (0, 0))[0]
        miss = flows[account] - planned
        rewards.append(rules.reward_rate * abs(market[account]) - rules.deviation * miss**2)
    for account, reward in zip(parties, rewards, strict=True):
        if reward < 0:
            state.pay_or_owe(account, REWARDS, -reward, "reward charge")
    earned = [max(reward, 0) for reward in rewards]
    payable = min(sum(earned), state.free[REWARDS])
    for account, part in zip(parties, by_largest_remainder(payable, earned, parties), strict=True):
        state.pay(REWARDS, account, part)
    for account, flow in flows.items():
        if flow > market[account]:
            state.pay_or_owe(account, SUPPLIER, (flow - market[account]) * rules.buy_price, "consumption")
