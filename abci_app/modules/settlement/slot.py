"""Settling a slot: contracts, rebates, deviations, rewards (thesis 6.4 to 6.6, MODEL section 6).

The order is fixed, what households receive before what they pay, so that a household is not in debt for a moment:
contracts (unwound ones first), rebates, feed-in, reward charges, rewards, consumption beyond the contracts.
"""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.asset.api import forget_availability
from abci_app.modules.flowproof.api import close_slot as close_proofs
from abci_app.modules.flowproof.api import flows_of, is_closed
from abci_app.modules.grid.api import deadline_s, prices_at, require_grid, slot_start_s, terms_of
from abci_app.modules.ledger.api import move_escrow, pay_or_owe, set_aside
from abci_app.modules.market.api import close_slot as close_market
from abci_app.modules.market.api import contracts_of
from abci_app.modules.names import parse_slot_key, slot_key
from abci_app.modules.settlement import certificates
from abci_app.modules.settlement.bill import Bill
from abci_app.modules.settlement.delivery import verified_wh
from abci_app.modules.settlement.keys import DECLARATIONS, HOUSEHOLDS, PARAMETERS, SLOTS
from abci_app.modules.settlement.rewards import pay_rewards
from abci_app.state.due import schedule, unschedule
from wire.chain import Moment
from wire.grid import Grid
from wire.ledger import VALIDATOR_POOL, account_holder
from wire.market import Contract
from wire.settlement import (
    ContractSettled,
    ContractUnwound,
    Declaration,
    HouseholdSettled,
    HouseholdSettlement,
    SettlementParameters,
    SlotSettled,
    SlotSettlement,
)

_NOTHING_DECLARED = Declaration()


def settle(context: Context, key: bytes) -> None:
    """Settle the slot: everybody has proved it, or its deadline is here. A settled slot stays as it is.

    Raises: Refusal for a slot that can't be settled (no tariff was ever posted, an amount beyond 64 bits); what is
    recorded then is that all its contracts are unwound, so that no escrow is held for ever.
    """
    vdg, slot = parse_slot_key(key)
    grid = require_grid(context.state, vdg)
    if is_closed(context.state, vdg, slot):
        return
    try:
        _settle(context, grid, slot, key)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.message, lambda later: _unwind_all(later, grid, slot)) from None


def _unwind_all(context: Context, grid: Grid, slot: int) -> None:
    contracts = contracts_of(context.state, grid.vdg, slot)
    for contract in contracts:
        _unwind(context, contract)
    record = SlotSettlement(
        vdg=grid.vdg,
        slot=slot,
        height=context.height,
        at_deadline=context.time_s >= deadline_s(grid, slot),
        proofs=len(flows_of(context.state, grid.vdg, slot)),
        contracts_unwound=len(contracts),
        contracted_wh=sum(c.energy_wh for c in contracts),
    )
    _close(context, grid, slot, record, {})


def _settle(context: Context, grid: Grid, slot: int, key: bytes) -> None:
    state, vdg = context.state, grid.vdg
    at_deadline = context.time_s >= deadline_s(grid, slot)
    flows = flows_of(state, vdg, slot)
    contracts = contracts_of(state, vdg, slot)
    proved = [c for c in contracts if c.buyer in flows and c.seller in flows]
    bills = {account: _open_bill(context, key, account, flow) for account, flow in flows.items()}
    unwound = [c for c in contracts if c.buyer not in flows or c.seller not in flows]
    for contract in unwound:
        _unwind(context, contract)
    verified = verified_wh(proved, flows)
    surplus = _pay_contracts(context, grid, slot, proved, verified, bills)
    _trade_deviations(context, grid, slot, bills, proved)
    record = SlotSettlement(
        vdg=vdg,
        slot=slot,
        height=context.height,
        at_deadline=at_deadline,
        proofs=len(flows),
        contracts_settled=len(proved),
        contracts_unwound=len(unwound),
        contracted_wh=sum(c.energy_wh for c in contracts),
        verified_wh=sum(verified),
        surplus_neur=surplus,
    )
    _close(context, grid, slot, record, bills)


def _open_bill(context: Context, key: bytes, account: bytes, flow_wh: int) -> Bill:
    declared = DECLARATIONS.get(context.state, key + account) or _NOTHING_DECLARED
    return Bill(account, flow_wh, declared.supplier_flow_wh)


def _unwind(context: Context, contract: Contract) -> None:
    """Give the buyer its escrow back; nothing is minted."""
    escrow = contract.energy_wh * contract.buy_price_neur_per_wh
    set_aside(context.state, account_holder(contract.buyer), -escrow)
    context.emit(ContractUnwound(contract.contract_id, escrow))


def _pay_contracts(
    context: Context,
    grid: Grid,
    slot: int,
    contracts: list[Contract],
    verified: list[int],
    bills: dict[bytes, Bill],
) -> int:
    """Pay contracts at their clearing prices, mint certificates, have the DSO pay rebates; returns the surplus."""
    rebate_rate = terms_of(context.state, grid.vdg, slot).rebate_neur_per_wh
    surplus = 0
    for contract, energy in zip(contracts, verified, strict=True):
        buyer, seller = account_holder(contract.buyer), account_holder(contract.seller)
        paid = contract.energy_wh * contract.buy_price_neur_per_wh
        received = contract.energy_wh * contract.sell_price_neur_per_wh
        move_escrow(context.state, buyer, seller, received)
        move_escrow(context.state, buyer, VALIDATOR_POOL, paid - received)
        surplus += paid - received
        bought, sold = bills[contract.buyer], bills[contract.seller]
        bought.bought_wh += contract.energy_wh
        bought.contracts_neur -= paid
        sold.sold_wh += contract.energy_wh
        sold.contracts_neur += received
        if energy:
            certificates.mint(context, contract, energy)
        rebate = energy * rebate_rate
        if rebate:
            pay_or_owe(context, account_holder(grid.dso), buyer, rebate, "rebate")
            bought.rebate_neur += rebate
        context.emit(ContractSettled(contract.contract_id, energy, paid, received, rebate))
    return surplus


def _trade_deviations(
    context: Context, grid: Grid, slot: int, bills: dict[bytes, Bill], contracts: list[Contract]
) -> None:
    """Trade x - x_m with the supplier, at P_u when it is positive and at P_f else (6.4, 6.5); rewards in between."""
    buy_price, sell_price = prices_at(context.state, grid.vdg, slot)
    supplier = account_holder(grid.supplier)
    for bill in bills.values():
        deviation = bill.flow_wh - bill.market_wh
        bill.deviation_neur = -deviation * (buy_price if deviation >= 0 else sell_price)
        if bill.deviation_neur > 0:
            pay_or_owe(context, supplier, account_holder(bill.account), bill.deviation_neur, "feed-in")
    parties = {account for c in contracts for account in (c.buyer, c.seller)}
    pay_rewards(context, grid, [bill for bill in bills.values() if bill.account in parties])
    for bill in bills.values():
        if bill.deviation_neur < 0:
            holder = account_holder(bill.account)
            bill.debt_neur += pay_or_owe(context, holder, supplier, -bill.deviation_neur, "consumption")


def _close(context: Context, grid: Grid, slot: int, record: SlotSettlement, bills: dict[bytes, Bill]) -> None:
    """Write the records, and drop what the slot needs no more."""
    state, key = context.state, slot_key(grid.vdg, slot)
    for bill in bills.values():
        settlement = HouseholdSettlement(
            vdg=grid.vdg,
            slot=slot,
            account=bill.account,
            flow_wh=bill.flow_wh,
            bought_wh=bill.bought_wh,
            sold_wh=bill.sold_wh,
            planned_wh=bill.planned_wh,
            contracts_neur=bill.contracts_neur,
            deviation_neur=bill.deviation_neur,
            rebate_neur=bill.rebate_neur,
            reward_neur=bill.reward_neur,
            debt_neur=bill.debt_neur,
        )
        HOUSEHOLDS.put(state, key + bill.account, settlement)
        context.emit(HouseholdSettled(settlement))
    SLOTS.put(state, key, record)
    close_market(state, grid.vdg, slot)
    forget_availability(state, grid.vdg, slot)
    for declaration_key, _ in list(DECLARATIONS.items(state, key)):
        DECLARATIONS.delete(state, declaration_key)
    close_proofs(state, grid.vdg, slot)
    unschedule(state, Moment.MOMENT_SLOT_DEADLINE, deadline_s(grid, slot), key)
    keep = (PARAMETERS.get(state, b"") or SettlementParameters()).keep_slots
    # Never before the deadline: until then a late proof must still find the slot closed.
    forget_s = max(slot_start_s(grid, slot + 1 + keep), deadline_s(grid, slot) + 1)
    schedule(state, Moment.MOMENT_SLOT_FORGOTTEN, forget_s, key)
    context.emit(SlotSettled(record))


def forget(context: Context, key: bytes) -> None:
    """Drop the records of a slot that is long over; certificates and evidence stay."""
    for household_key, _ in list(HOUSEHOLDS.items(context.state, key)):
        HOUSEHOLDS.delete(context.state, household_key)
    SLOTS.delete(context.state, key)
