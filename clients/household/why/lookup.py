"""What there is to say about a home's slot: from its agent's file, and of the clearings from the chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from clients.common.chain import Chain
from clients.common.errors import ChainError
from clients.household.chain_reader import PATIENCE_SECONDS, open_reader
from clients.household.configuration import HomeSection, HouseholdConfiguration
from clients.household.database import Database
from clients.household.diary import KEPT_SLOTS
from clients.household.keys import address_of_home
from clients.household.slot_records import Decided
from clients.household.status import existing_file
from clients.household.why.explanation import Account, account_for
from wire.market import Book, Contract, GetBookRequest, ListContractsRequest
from wire.settlement import HouseholdSettlement

BookKey = tuple[str, str, int]
"""Grid, product and (first) slot."""


class Remembered(NamedTuple):
    """What the agent's file has about one home and slot; ``missing`` says why there is nothing."""

    home: str
    vdg: str
    address: bytes
    slot: int
    start_s: int | None
    decided: tuple[Decided, ...]
    contracts: tuple[tuple[Contract, ...], ...]
    settlement: HouseholdSettlement | None
    missing: str


class Clearings(NamedTuple):
    """The clearing records that a gateway gave; ``note`` says why some are missing, ``proved`` what they are worth.

    ``contracts``: by grid, slot and account, those that homes have on the chain where their agent heard of none.
    """

    books: dict[BookKey, Book]
    contracts: dict[tuple[str, int, bytes], tuple[Contract, ...]]
    proved: bool
    note: str


def remembered(configuration: HouseholdConfiguration, homes: Iterable[HomeSection], slot: int) -> list[Remembered]:
    """Look it up. Raises: ConfigurationError, sqlite3.Error."""
    database = Database.read_only(existing_file(configuration))
    try:
        found = []
        for home in homes:
            address, vdg = address_of_home(home), configuration.vdg_of(home)
            decided = database.slots.decisions(home.id, slot)
            contracts = tuple(
                tuple(
                    one
                    for covered in range(row.slot, row.slot + row.slots)
                    for one in database.contracts_of(covered, address)
                    if one.product == row.product
                )
                for row in decided
            )
            price = database.supplier_prices(vdg).get(slot)
            missing = "" if decided else _why_missing(home.id, slot, database.slots.decided_slots(home.id))
            found.append(
                Remembered(
                    home.id,
                    vdg,
                    address,
                    slot,
                    price.start_s if price else None,
                    tuple(decided),
                    contracts,
                    database.settlement(address, slot),
                    missing,
                )
            )
        return found
    finally:
        database.close()


def _why_missing(home: str, slot: int, kept: tuple[int, int] | None) -> str:
    if kept is None:
        return f"{home}: no decision is kept yet; its agent decides once a slot while `vdg household run` runs"
    first, last = kept
    if slot < first:
        return (
            f"{home}: slot {slot} is too old: decisions are kept for {KEPT_SLOTS} slots, and those of slots {first} to "
            f"{last} are there; what was settled is in `vdg home bill`"
        )
    if slot > last:
        return (
            f"{home}: no book of slot {slot} has closed yet (the last that did is of slot {last}); "
            "`vdg home plan --config FILE` shows what is planned"
        )
    return (
        f"{home}: made no decision about slot {slot}: the agent was not running when its books closed, or the home "
        "stays out of them (offers.without_products, ahead_slots, last_slot)"
    )


async def read_clearings(configuration: HouseholdConfiguration, known: Iterable[Remembered]) -> Clearings:
    """The chain's records of the books, proved where the configuration verifies. Raises: Unverified."""
    found = Clearings({}, {}, configuration.verify, "")
    try:
        async with open_reader(configuration) as chain:
            for one in known:
                for row, contracts in zip(one.decided, one.contracts, strict=True):
                    await _read_book(chain, found, one, row, heard=bool(contracts))
    except ChainError as error:
        return found._replace(note=f"the chain could not be asked: {error}")
    return found


async def _read_book(chain: Chain, found: Clearings, one: Remembered, row: Decided, *, heard: bool) -> None:
    key = (one.vdg, row.product, row.slot)
    if key not in found.books:
        answer = await chain.query(GetBookRequest(*key), patience_seconds=PATIENCE_SECONDS)
        if answer.cleared and answer.book is not None:
            found.books[key] = answer.book
    if key not in found.books or heard:
        return
    for slot in range(row.slot, row.slot + row.slots):
        request = ListContractsRequest(one.vdg, slot, one.address)
        listed = await chain.query(request, patience_seconds=PATIENCE_SECONDS)
        found.contracts[(one.vdg, slot, one.address)] = tuple(listed.contracts)


def accounts_of(known: Remembered, clearings: Clearings) -> list[Account]:
    """One account for each book, those first that closed first."""
    accounts = []
    for row, heard in zip(known.decided, known.contracts, strict=True):
        told = heard or tuple(
            contract
            for slot in range(row.slot, row.slot + row.slots)
            for contract in clearings.contracts.get((known.vdg, slot, known.address), ())
            if contract.product == row.product
        )
        book = clearings.books.get((known.vdg, row.product, row.slot))
        accounts.append(account_for(row, book, told, known.address))
    return accounts
