"""What the chain says about a grid and its homes, read by queries: at the start, and where it differs from what was
thought."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, TypeVar

from clients.common.chain import Chain
from clients.common.configuration import ConfigurationError
from clients.household.account import Account, LiveOrder
from clients.household.offers import OpenBook
from clients.household.terms import Terms
from wire.asset import GetAvailabilityRequest
from wire.grid import GetGridRequest, ListTermsRequest, SlotTerms
from wire.ledger import GetBalanceRequest, ListDebtsRequest, account_holder
from wire.market import (
    Contract,
    GetOrderRequest,
    ListContractsRequest,
    ListProductsRequest,
)
from wire.settlement import GetDeclarationRequest, GetHouseholdRequest, HouseholdSettlement

T = TypeVar("T")

TERMS_SLOTS = 288
# Slots for which orders are about to close: what is posted for them is proved whenever terms are read.
_NEAR_SLOTS = 12
_AT_ONCE = 32


async def read_terms(chain: Chain, vdg: str, known: Terms | None = None) -> Terms:
    """The grid's timing and tariff, the market's products, and what was posted for the slots of two days.

    ``known``: the terms as they were read before, of which what the gateway says is still so is not proved again.

    Raises: ConfigurationError when there is no such grid or it has no tariff; ChainError when nobody answers.
    """
    answer = await chain.query(GetGridRequest(vdg))
    if not answer.found:
        raise ConfigurationError(f"vdg = {vdg}: the chain has no such grid; correct the name")
    if answer.tariff is None:
        raise ConfigurationError(f"vdg = {vdg}: has no tariff yet; have its supplier post one")
    products = await chain.query(ListProductsRequest())
    first_slot = max(0, answer.slot)
    posted = await _posted(chain, vdg, first_slot, known)
    return Terms(
        answer.grid, answer.tariff, {product.name: product for product in products.products}, first_slot, posted
    )


async def _posted(chain: Chain, vdg: str, first_slot: int, known: Terms | None) -> Sequence[SlotTerms]:
    """Rebates and caps from a slot on: all proved, or those that are near, new or said to be others than known."""
    request = ListTermsRequest(vdg, first_slot, TERMS_SLOTS)
    if known is None:
        posted: Sequence[SlotTerms] = (await chain.query(request)).terms
        return posted
    told: list[SlotTerms] = list((await chain.told(request)).terms)
    slots = range(first_slot, first_slot + len(told))
    doubtful = [
        index
        for index, slot in enumerate(slots)
        if index < _NEAR_SLOTS or not known.reaches(slot) or known.of(slot) != told[index]
    ]
    for begin, end in _runs(doubtful):
        told[begin:end] = (await chain.query(request._replace(first_slot=slots[begin], slots=end - begin))).terms
    return tuple(told)


def _runs(ascending: Sequence[int]) -> list[tuple[int, int]]:
    """Where runs of consecutive numbers begin and end (exclusive)."""
    runs: list[tuple[int, int]] = []
    for number in ascending:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs


async def read_contracts(chain: Chain, vdg: str, slots: Iterable[int]) -> list[Contract]:
    """All contracts of slots that wait for settlement."""

    async def of(slot: int) -> list[Contract]:
        pages = chain.pages(ListContractsRequest(vdg, slot))
        return [contract async for page in pages for contract in page.contracts]

    return [contract for found in await _few_at_once(of(slot) for slot in slots) for contract in found]


async def read_settled(
    chain: Chain, vdg: str, accounts: Iterable[bytes], slots: Iterable[int]
) -> list[HouseholdSettlement]:
    """What is known of accounts' settled slots."""
    requests = [GetHouseholdRequest(vdg, slot, account) for slot in slots for account in accounts]
    answers = await _few_at_once(chain.query(request) for request in requests)
    return [answer.settlement for answer in answers if answer.found]


async def read_account(chain: Chain, terms: Terms, account: Account, now: int, books: Sequence[OpenBook]) -> None:
    """Orders, availability, declared flows and debts; ``books``: those that the account may have orders in."""
    vdg, address = terms.grid.vdg, account.address
    slots = sorted({now + 1}.union(*(book.slots for book in books)))
    keys = [(book.product.name, book.slot) for book in books]
    orders = await _few_at_once(chain.query(GetOrderRequest(vdg, *key, address)) for key in keys)
    account.orders = {
        key: LiveOrder(answer.order.side, answer.order.energy_wh, answer.order.limit_price_neur_per_wh)
        for key, answer in zip(keys, orders, strict=True)
        if answer.found
    }
    first = await chain.query(GetAvailabilityRequest(vdg, slots[0], address))
    account.capacity_wh = first.capacity_wh
    if first.capacity_wh:
        await read_availability(chain, vdg, account, slots)
    declared = await chain.query(GetDeclarationRequest(vdg, slots[0], address))
    if declared.found:
        account.supplier_flow_wh[slots[0]] = declared.declaration.supplier_flow_wh
    await read_debts(chain, account)


async def read_availability(chain: Chain, vdg: str, account: Account, slots: Iterable[int]) -> None:
    """What stands declared for slots."""
    wanted = list(slots)
    answers = await _few_at_once(chain.query(GetAvailabilityRequest(vdg, s, account.address)) for s in wanted)
    for slot, answer in zip(wanted, answers, strict=True):
        account.declared_wh[slot] = answer.availability.declared_wh
        account.capacity_wh = answer.capacity_wh


async def read_order(chain: Chain, vdg: str, account: Account, book: tuple[str, int]) -> None:
    """The order that stands in one book."""
    answer = await chain.query(GetOrderRequest(vdg, *book, account.address))
    if answer.found:
        order = answer.order
        account.orders[book] = LiveOrder(order.side, order.energy_wh, order.limit_price_neur_per_wh)
    else:
        account.orders.pop(book, None)


async def read_debts(chain: Chain, account: Account) -> None:
    """What is owed."""
    request = ListDebtsRequest(account_holder(account.address))
    answer = await chain.query(request)
    debts = list(answer.debts)
    # Not `Chain.pages`: a chain that verifies answers a query with the whole list, each debt of it proved.
    while answer.next_page_token:
        answer = await chain.query(request._replace(page_token=answer.next_page_token))
        debts += answer.debts
    account.debts = {(debt.creditor, debt.reason): debt.amount_neur for debt in debts}


async def read_free_neur(chain: Chain, account: Account) -> int:
    """What can be spent."""
    answer = await chain.query(GetBalanceRequest(account_holder(account.address)))
    return max(0, answer.balance.free_neur) if answer.balance else 0


async def _few_at_once(work: Iterable[Awaitable[T]]) -> list[T]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def run(one: Awaitable[T]) -> T:
        async with gate:
            return await one

    results: list[Any] = await asyncio.gather(*(run(one) for one in work))
    return results
