"""The agent as a process among real processes."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from clients.common.subscribe import ChainEvent
from clients.household.database import Database
from tests.household.neighbourhood import Neighbourhood, living
from wire.flowproof import FlowProved
from wire.market import BookCleared, Contract, ContractMade, OrderCancelled, OrderPlaced, Side
from wire.results import Code
from wire.settlement import CertificateMinted, ContractSettled, FlowDeclared, HouseholdSettled, HouseholdSettlement

# So long a part is away: slots.
AWAY_SLOTS = 3
# What a moment that has passed is answered with; anything else would be the agent's mistake.
# An order that waited in a node that died comes after a later one of the same book: SUPERSEDED. An ask is
# BEYOND_AVAILABILITY where the declaration that was to back it came when its first slot had begun.
_PASSED = {
    Code.GATE_CLOSED,
    Code.SLOT_OUT_OF_RANGE,
    Code.EXPIRED,
    Code.UNKNOWN_ORDER,
    Code.SUPERSEDED,
    Code.BEYOND_AVAILABILITY,
}


@pytest.mark.network
async def test_an_agent_trades_steers_and_settles_and_does_nothing_twice_whatever_dies_under_it() -> None:
    with tempfile.TemporaryDirectory(prefix="hh", dir="/tmp") as folder:
        async with living(Path(folder)) as place:
            place.start_agent()
            await _trades(place, "the homes trade")
            place.kill_agent()
            place.start_agent()
            await _trades(place, "they trade after the agent was killed")
            for away in ("gateway", "broker", "validator0"):
                await _goes_on_without(place, away)
            since = len(place.events)
            await place.until(lambda: len(place.events) > since, "blocks come again")
            await place.net.kill(0, "cometbft")
            await _trades(place, "they trade after all of these were away, one after the other, and one was killed")
            await place.until(lambda: not place.chain.under_way, "what was lost with the validator was sent again")
            told = len(place.events)
            await place.until(lambda: _counted(place) >= _told(place, told), "the agent has heard what the test has")
            assert place.end_agent() == 0
            await _agrees_with_the_chain(place, told)
            await _explains(place)
            # The chain has no real-time control, which its parameters say.
            assert "UNIMPLEMENTED" not in place.log.read_text()
    _nothing_twice(place)


@pytest.mark.network
async def test_agents_offer_hourly_blocks_that_clear_are_proved_and_settle_on_real_validators() -> None:
    with tempfile.TemporaryDirectory(prefix="hb", dir="/tmp") as folder:
        # An auction needs several small sellers: homes sell but a fiftieth of what the day still brings.
        async with living(Path(folder), homes=16, validators=2, battery={"refill_permille": 20}) as place:
            place.start_agent()
            await place.until(lambda: bool(_flowed_wh(place)), "a contract of an hourly block is settled with proofs")
            made, verified_wh = _contracts(place), _flowed_wh(place)
    for contract_id in verified_wh:
        contract = made[contract_id]
        (book,) = (e.book for e in place.of_type(BookCleared) if (e.book.product, e.book.slot) == _book_of(contract))
        assert contract.slot in range(book.slot, book.slot + 6)
        placed = {(e.account, e.side) for e in place.of_type(OrderPlaced) if (e.product, e.slot) == _book_of(contract)}
        assert {(contract.buyer, Side.SIDE_BID), (contract.seller, Side.SIDE_ASK)} <= placed
        proved = {e.account for e in place.of_type(FlowProved) if e.slot == contract.slot}
        assert {contract.buyer, contract.seller} <= proved


def _contracts(place: Neighbourhood) -> dict[str, Contract]:
    """The contracts of hourly blocks."""
    contracts = [made.contract for made in place.of_type(ContractMade)]
    return {contract.contract_id: contract for contract in contracts if contract.product == "day_ahead"}


def _flowed_wh(place: Neighbourhood) -> dict[str, int]:
    """What flowed of those that are settled, where something did."""
    made = _contracts(place)
    settled = [event for event in place.of_type(ContractSettled) if event.contract_id in made]
    return {event.contract_id: event.verified_wh for event in settled if event.verified_wh}


def _book_of(contract: Contract) -> tuple[str, int]:
    return contract.product, contract.slot - contract.slot % 6


async def _goes_on_without(place: Neighbourhood, name: str) -> None:
    """For some slots a part is away; every home plans on, slot by slot, and then the part is back."""
    await _plans(place, 1, f"homes plan before the {name} goes")
    await place.net.stop(name)
    await _plans(place, AWAY_SLOTS, f"homes plan without the {name}")
    place.net.start(name)


async def _plans(place: Neighbourhood, slots: int, what: str) -> None:
    begun = place.planned_in()
    await place.until(lambda: all(slot >= begun[home] + slots for home, slot in place.planned_in().items()), what)


async def _trades(place: Neighbourhood, what: str) -> None:
    """New contracts, of which some are delivered: the batteries were steered and the meters show it."""
    since = len(place.events)

    def delivered() -> bool:
        slots = {made.contract.slot for made in place.of_type(ContractMade, since)}
        return any(minted.certificate.slot in slots for minted in place.of_type(CertificateMinted, since))

    await place.until(delivered, what)


def _counted(place: Neighbourhood) -> set[tuple[bytes, int]]:
    """The account and slot of every settlement that the agent's file has."""
    with closing(Database.read_only(place.folder / "data" / "household.db")) as database:
        accounts = [actor.address for _, actor in place.cast.households]
        return {(account, slot) for account in accounts for slot in database.settled_slots(account, 0)}


def _told(place: Neighbourhood, until: int) -> set[tuple[bytes, int]]:
    """Account and slot of the settlements in so many events, from the first one on that each account's agent has."""
    first: dict[bytes, int] = {}
    for account, slot in _counted(place):
        first[account] = min(slot, first.get(account, slot))
    told = {(e.account, e.slot) for e in map(_settlement, place.events[:until]) if e is not None}
    return {(account, slot) for account, slot in told if slot >= first.get(account, slot)}


def _settlement(event: ChainEvent) -> HouseholdSettlement | None:
    return event.value.settlement if isinstance(event.value, HouseholdSettled) else None


async def _agrees_with_the_chain(place: Neighbourhood, told: int) -> None:
    """The bills are the chain's settlements, each counted once: all that were told before the agent's end."""
    status = place.status()
    slots: dict[str, set[int]] = {account: set() for account in status}
    in_file = _counted(place)
    for address, slot in in_file:
        slots[address.hex()].add(slot)
    assert in_file >= _told(place, told)

    def settled(account: str) -> list[HouseholdSettlement]:
        """In the slots that the agent has; what was settled before its first start is none of its."""
        all_ = [event.settlement for event in place.of_type(HouseholdSettled)]
        return [one for one in all_ if one.account.hex() == account and one.slot in slots[account]]

    await place.until(
        lambda: all(len(settled(account)) >= len(slots[account]) for account in status),
        "the test has seen as many settlements as the agent",
    )
    for account, home in status.items():
        counted = settled(account)
        assert home["settled_slots"] == len(counted) == len(slots[account]) > 0
        assert home["bought_wh"] == sum(item.bought_wh for item in counted)
        assert home["sold_wh"] == sum(item.sold_wh for item in counted)
        received_neur = sum(
            item.contracts_neur + item.deviation_neur + item.rebate_neur + item.reward_neur for item in counted
        )
        assert home["bill_neur"] == -received_neur
        assert not home["alarm"]


async def _explains(place: Neighbourhood) -> None:
    """Buyer and seller of the newest contract that they know are told why; bills are proved, and plans are shown."""
    with closing(Database.read_only(place.folder / "data" / "household.db")) as database:
        contract = max(database.contracts_from(0), key=lambda one: one.slot)
    (book,) = (e.book for e in place.of_type(BookCleared) if (e.book.product, e.book.slot) == _key_of(contract))
    homes = {home["account"]: home for home in await asyncio.to_thread(place.tell, "why", str(contract.slot))}
    for party, price in (
        (contract.buyer, contract.buy_price_neur_per_wh),
        (contract.seller, contract.sell_price_neur_per_wh),
    ):
        (story,) = [one for one in homes[party.hex()]["books"] if (one["product"], one["slot"]) == _key_of(contract)]
        assert (story["outcome"], story["price_neur_per_wh"]) == ("traded", price)
        assert abs(story["traded_wh"]) >= contract.energy_wh
        clearing = story["clearing"]
        assert clearing["proved"]
        assert (clearing["volume_wh"], clearing["critical_buyer"]) == (book.volume_wh, book.critical_buyer.hex())
    bills = await asyncio.to_thread(place.tell, "bill", "--verify")
    assert all(bill["verified"]["agrees"] and bill["verified"]["proved"] > 0 for bill in bills)
    plans = await asyncio.to_thread(place.tell, "plan")
    assert {plan["home"] for plan in plans} == {home["home"] for home in homes.values()}


def _key_of(contract: Contract) -> tuple[str, int]:
    return _book_of(contract) if contract.product == "day_ahead" else (contract.product, contract.slot)


def _nothing_twice(place: Neighbourhood) -> None:
    """No order is sent again while the same one stands, and nothing is refused but for a moment that has passed."""
    standing: dict[tuple[bytes, str, int], tuple[int, int, int]] = {}
    for event in place.events:
        value = event.value
        if isinstance(value, OrderPlaced):
            order = (int(value.side), value.energy_wh, value.limit_price_neur_per_wh)
            book = (value.account, value.product, value.slot)
            assert standing.get(book) != order, f"placed twice: {value}"
            standing[book] = order
        elif isinstance(value, OrderCancelled):
            del standing[(value.account, value.product, value.slot)]
    assert place.of_type(FlowDeclared)
    own = {actor.address for _, actor in place.cast.households}
    refused = Counter(Code(result.code) for result in place.results if result.sender in own)
    del refused[Code.OK]
    assert set(refused) <= _PASSED, refused
