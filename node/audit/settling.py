"""Settling a slot (MODEL section 6, thesis 6.4 to 6.6)."""

from __future__ import annotations

from dataclasses import dataclass

from node.audit import certificates, grids
from node.audit.books import DueAt, HomeSlot, SlotOf, slot_bytes
from node.audit.case import Case, Denied, require
from node.audit.clock import deadline_s, require_ahead, start_s, wait, watch
from node.audit.money import balance, escrow, pay_from_escrow, pay_or_owe
from node.audit.shares import by_largest_remainder, fitting
from wire.chain import Moment
from wire.flowproof import SlotProofs
from wire.grid import Grid
from wire.ledger import VALIDATOR_POOL, account_holder, reward_pool
from wire.market import Contract
from wire.results import Code
from wire.settlement import (
    ContractSettled,
    ContractUnwound,
    Declaration,
    DeclareFlow,
    FlowDeclared,
    HouseholdSettled,
    HouseholdSettlement,
    SettlementParameters,
    SlotSettled,
    SlotSettlement,
    ValidatorsRewarded,
)

_NOT_DECLARED, _NO_PROOFS = Declaration(), SlotProofs()


def declare(case: Case, m: DeclareFlow) -> None:
    grid = grids.found(case, m.vdg)
    grids.member(case, m.vdg, case.sender)
    require_ahead(case, grid, m.slot, 1)
    at = HomeSlot(m.vdg, m.slot, case.sender)
    require((case.books.declared.get(at) or _NOT_DECLARED).nonce <= case.nonce, Code.SUPERSEDED)
    case.books.declared.put(at, Declaration(m.supplier_flow_wh, case.nonce))
    watch(case.books, grid, m.slot)
    case.events.append(FlowDeclared(m.vdg, m.slot, case.sender, m.supplier_flow_wh))


@dataclass
class _Home:
    """A household's slot, in the terms of (6.1) to (6.6)."""

    account: bytes
    flow_wh: int
    planned_rest_wh: int
    bought_wh: int = 0
    sold_wh: int = 0
    contracts_neur: int = 0
    deviation_neur: int = 0
    rebate_neur: int = 0
    reward_neur: int = 0
    debt_neur: int = 0

    @property
    def market_wh(self) -> int:
        return self.bought_wh - self.sold_wh

    @property
    def planned_wh(self) -> int:
        return self.market_wh + self.planned_rest_wh


def settle(case: Case, at: SlotOf) -> None:
    """Settle a slot that is not yet. Where that can't be done, unwind everything. Raises: Denied then, all kept."""
    grid = grids.found(case, at.vdg)
    if (case.books.proved.get(at) or _NO_PROOFS).closed:
        return
    mark = case.books.journal.mark()
    try:
        _settle(case, grid, at)
    except Denied:
        case.books.journal.undo(mark)
        case.events.clear()
        raise


def unwind(case: Case, at: SlotOf) -> None:
    """What is done with a slot that can't be settled: every contract is undone."""
    contracts = [contract for _, contract in case.books.contracts.of(at)]
    _unwind(case, contracts)
    _close(case, grids.found(case, at.vdg), at, [], [], len(contracts), {})


def _settle(case: Case, grid: Grid, at: SlotOf) -> None:
    books = case.books
    flows = {proof.account: proof.flow_wh for _, proof in books.proofs.of(at)}
    contracts = [contract for _, contract in books.contracts.of(at)]
    kept = [c for c in contracts if c.buyer in flows and c.seller in flows]
    homes = {
        account: _Home(account, flow, (books.declared.get(HomeSlot(*at, account)) or _NOT_DECLARED).supplier_flow_wh)
        for account, flow in flows.items()
    }
    _unwind(case, [c for c in contracts if c not in kept])
    verified = _verified(kept, flows)
    _pay_contracts(case, grid, at, kept, verified, homes)
    _pay_the_rest(case, grid, at, kept, homes)
    _close(case, grid, at, kept, verified, len(contracts) - len(kept), homes)


def _unwind(case: Case, contracts: list[Contract]) -> None:
    for contract in contracts:
        back = contract.energy_wh * contract.buy_price_neur_per_wh
        escrow(case.books, account_holder(contract.buyer), -back)
        case.events.append(ContractUnwound(contract.contract_id, back))


def _verified(contracts: list[Contract], flows: dict[bytes, int]) -> list[int]:
    """Each contract's smaller side, where a side delivers what was metered, shared over its contracts."""
    smaller = [contract.energy_wh for contract in contracts]
    for account, flow in flows.items():
        for buying, metered in ((True, max(flow, 0)), (False, max(-flow, 0))):
            own = [i for i, c in enumerate(contracts) if account == (c.buyer if buying else c.seller)]
            energies = [contracts[i].energy_wh for i in own]
            names = [contracts[i].contract_id.encode() for i in own]
            shares = by_largest_remainder(min(metered, sum(energies)), energies, names)
            for index, share in zip(own, shares, strict=True):
                smaller[index] = min(smaller[index], share)
    return smaller


def _pay_contracts(
    case: Case, grid: Grid, at: SlotOf, contracts: list[Contract], verified: list[int], homes: dict[bytes, _Home]
) -> None:
    rate = grids.terms(case, at.vdg, at.slot).rebate_neur_per_wh
    for contract, energy in zip(contracts, verified, strict=True):
        buyer = account_holder(contract.buyer)
        paid = contract.energy_wh * contract.buy_price_neur_per_wh
        received = contract.energy_wh * contract.sell_price_neur_per_wh
        pay_from_escrow(case.books, buyer, account_holder(contract.seller), received)
        pay_from_escrow(case.books, buyer, VALIDATOR_POOL, paid - received)
        consumer, producer = homes[contract.buyer], homes[contract.seller]
        consumer.bought_wh += contract.energy_wh
        consumer.contracts_neur -= paid
        producer.sold_wh += contract.energy_wh
        producer.contracts_neur += received
        if energy:
            certificates.mint(case, contract, energy)
        if energy * rate:
            pay_or_owe(case, account_holder(grid.dso), buyer, energy * rate, "rebate")
            consumer.rebate_neur += energy * rate
        case.events.append(ContractSettled(contract.contract_id, energy, paid, received, energy * rate))


def _pay_the_rest(case: Case, grid: Grid, at: SlotOf, contracts: list[Contract], homes: dict[bytes, _Home]) -> None:
    """Feed-in, charges, rewards, consumption: what a household gets comes before what it pays."""
    buy, sell = grids.prices(case, at.vdg, at.slot)
    supplier, pool = account_holder(grid.supplier), reward_pool(at.vdg)
    for home in homes.values():
        off = home.flow_wh - home.market_wh
        home.deviation_neur = -off * buy if off >= 0 else -off * sell
        if home.deviation_neur > 0:
            pay_or_owe(case, supplier, account_holder(home.account), home.deviation_neur, "feed-in")
    traders = [h for h in homes.values() if any(h.account in (c.buyer, c.seller) for c in contracts)]
    due = [
        fitting(
            grid.reward_rate_neur_per_wh * abs(h.market_wh)
            - grid.deviation_neur_per_wh2 * (h.flow_wh - h.planned_wh) ** 2
        )
        for h in traders
    ]
    for home, amount in zip(traders, due, strict=True):
        if amount < 0:
            home.reward_neur = amount
            home.debt_neur += pay_or_owe(case, account_holder(home.account), pool, -amount, "reward charge")
    earned = [max(amount, 0) for amount in due]
    there = min(sum(earned), balance(case.books, pool).free_neur)
    for home, part in zip(traders, by_largest_remainder(there, earned, [h.account for h in traders]), strict=True):
        if part:
            home.reward_neur = part
            pay_or_owe(case, pool, account_holder(home.account), part, "reward")
    for home in homes.values():
        if home.deviation_neur < 0:
            home.debt_neur += pay_or_owe(
                case, account_holder(home.account), supplier, -home.deviation_neur, "consumption"
            )


def _close(
    case: Case,
    grid: Grid,
    at: SlotOf,
    kept: list[Contract],
    verified: list[int],
    unwound: int,
    homes: dict[bytes, _Home],
) -> None:
    """Keep the records; forget what led to them."""
    books = case.books
    contracts = [contract for _, contract in books.contracts.of(at)]
    record = SlotSettlement(
        at.vdg,
        at.slot,
        case.height,
        case.time_s >= deadline_s(grid, at.slot),
        len(books.proofs.of(at)),
        len(kept),
        unwound,
        sum(c.energy_wh for c in contracts),
        sum(verified),
        sum(c.energy_wh * (c.buy_price_neur_per_wh - c.sell_price_neur_per_wh) for c in kept),
    )
    for home in homes.values():
        bill = HouseholdSettlement(
            at.vdg,
            at.slot,
            home.account,
            home.flow_wh,
            home.bought_wh,
            home.sold_wh,
            home.planned_wh,
            home.contracts_neur,
            home.deviation_neur,
            home.rebate_neur,
            home.reward_neur,
            home.debt_neur,
        )
        books.bills.put(HomeSlot(*at, home.account), bill)
        case.events.append(HouseholdSettled(bill))
    books.settled.put(at, record)
    for table in (books.contracts, books.positions, books.availability, books.declared):
        table.drop_all(at)
    books.proved.put(at, (books.proved.get(at) or _NO_PROOFS)._replace(closed=True))
    books.due.drop(DueAt(deadline_s(grid, at.slot), Moment.MOMENT_SLOT_DEADLINE, slot_bytes(at)))
    keep = (books.settling.get(None) or SettlementParameters()).keep_slots
    forgotten_s = max(start_s(grid, at.slot + 1 + keep), deadline_s(grid, at.slot) + 1)
    wait(books, Moment.MOMENT_SLOT_FORGOTTEN, forgotten_s, slot_bytes(at))
    case.events.append(SlotSettled(record))


def reward_validators(case: Case) -> None:
    """Share the pool out by voting power, and wait for the next time (MODEL section 5, rule 4)."""
    books = case.books
    paid = [v for _, v in books.validators.of() if v.operator]
    pool = balance(books, VALIDATOR_POOL).free_neur
    if pool and paid:
        parts = by_largest_remainder(pool, [v.power for v in paid], [v.public_key for v in paid])
        for validator, part in zip(paid, parts, strict=True):
            pay_or_owe(case, VALIDATOR_POOL, account_holder(validator.operator), part, "validator reward")
        case.events.append(ValidatorsRewarded(pool, len(paid)))
    every = (books.settling.get(None) or SettlementParameters()).payout_s
    wait(books, Moment.MOMENT_PAYOUT, case.time_s + every)
