"""Books in blocks: gates to the second, what backs orders, blocks of slots, caps, horizons."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.world import EUR, VDG
from wire.accounts import AdmitAccount, Role
from wire.asset import DeclareAvailability, GetAvailabilityRequest, GetAvailabilityResponse, RemoveAsset
from wire.grid import AddMember, SetCaps
from wire.ledger import Mint
from wire.market import (
    BookCleared,
    Contract,
    ContractMade,
    GetBookRequest,
    GetBookResponse,
    GetPositionRequest,
    GetPositionResponse,
)
from wire.results import Code


def held(chain: Chain, home: str, slot: int) -> int:
    """What asks and contracts hold of a home's availability (Wh)."""
    answer = chain.query(GetAvailabilityRequest(VDG, slot, address(home)), GetAvailabilityResponse)
    assert answer.availability is not None
    return answer.availability.held_wh


def contracts(chain: Chain) -> list[Contract]:
    """All contracts made so far."""
    return [event.contract for event in chain.events_of(ContractMade) if event.contract is not None]


@pytest.mark.parametrize(
    ("product", "slot", "gate_slot"),
    [("day_ahead", 144, 72), ("day_ahead", 282, 72), ("intraday", 20, 14), ("real_time", 20, 19)],
)
def test_a_gate_closes_exactly_at_its_second(product: str, slot: int, gate_slot: int) -> None:
    chain = Chain()
    gate_s = world.EPOCH_S + gate_slot * world.SLOT_SECONDS
    order = chain.order("ann", "bid", 6, 1_000, slot, product)
    chain.do("bob", order, expires_s=chain.time_s + 600)
    for time_s, code in ((gate_s - 1, Code.OK), (gate_s, Code.GATE_CLOSED)):
        tx = chain.tx("ann", order, expires_s=time_s)
        assert chain.block(tx, time_s=time_s)[0].code is code
    answer = chain.query(GetBookRequest(VDG, product, slot), GetBookResponse)
    assert (answer.cleared, answer.gate_s) == (True, gate_s)
    assert answer.book is not None
    assert answer.book.bids == 2


@pytest.mark.parametrize(("product", "ahead"), [("day_ahead", 288), ("intraday", 144), ("real_time", 144)])
def test_a_horizon_ends_exactly_at_its_slot(product: str, ahead: int) -> None:
    chain = Chain()
    chain.go_to_slot(0)
    step = 6 if product == "day_ahead" else 1
    assert chain.send("ann", chain.order("ann", "bid", 6, 1_000, ahead, product)).code is Code.OK
    result = chain.send("ann", chain.order("ann", "bid", 6, 1_000, ahead + step, product))
    assert result.code is Code.SLOT_OUT_OF_RANGE


def test_the_seed_of_a_book_is_the_app_hash_before_its_block_with_the_blocks_time() -> None:
    chain = Chain()
    chain.trade(10)
    before = chain.app.last_block.app_hash
    chain.go_to_slot(4)
    (event,) = chain.events_of(BookCleared)
    assert event.book is not None
    time_ns = chain.time_s * 10**9
    assert event.book.seed == sha256(before + time_ns.to_bytes(8, "big")).digest()
    assert event.book.height == chain.app.last_block.height
    assert (event.book.bids, event.book.asks, event.book.contracts, event.book.volume_wh) == (2, 2, 1, 400)
    assert (event.book.buy_price_neur_per_wh, event.book.sell_price_neur_per_wh) == (120_000, 110_000)
    assert (event.book.critical_buyer, event.book.critical_seller) == (address("bob"), address("dee"))


def test_a_late_block_clears_all_books_whose_gates_have_passed() -> None:
    chain = Chain()
    for slot in (7, 8, 9):
        chain.do("ann", chain.order("ann", "bid", 5, 1_000, slot))
    chain.go_to_slot(30)
    books = [event.book for event in chain.events_of(BookCleared)]
    assert [book.slot for book in books if book] == [7, 8, 9]
    assert chain.balance("ann").escrow_neur == 0


def test_orders_before_the_gate_see_no_contract_and_the_gates_block_trades_before_its_transactions() -> None:
    chain = Chain()
    chain.trade(10)
    assert chain.balance("ann").escrow_neur == 400 * 150_000
    tx = chain.tx("ann", DeclareAvailability(VDG, 10, (1,)))
    chain.block(tx, time_s=world.EPOCH_S + 4 * world.SLOT_SECONDS)
    assert chain.balance("ann").escrow_neur == 400 * 120_000
    assert chain.balance("bob").escrow_neur == 0
    assert (held(chain, "cid", 10), held(chain, "dee", 10)) == (400, 0)


def test_a_new_order_replaces_the_old_one_and_its_backing() -> None:
    chain = Chain()
    chain.offer("ann", 10, 300)
    for side, energy, price, escrow, holds in (
        ("bid", 100, 1_000, 100_000, 0),
        ("bid", 50, 3_000, 150_000, 0),
        ("ask", 300, 9_000, 0, 300),
        ("ask", 20, 9_000, 0, 20),
        ("bid", 10, 1_000, 10_000, 0),
    ):
        chain.do("ann", chain.order("ann", side, energy, price, 10))
        assert chain.balance("ann").escrow_neur == escrow
        assert chain.balance("ann").free_neur == 100 * EUR - escrow
        assert held(chain, "ann", 10) == holds
    chain.do("ann", chain.cancel(10))
    assert chain.balance("ann").escrow_neur == 0


def test_what_is_contracted_counts_against_later_products() -> None:
    chain = Chain()
    chain.trade(10)
    chain.go_to_slot(4)
    late = chain.order("cid", "ask", 1, 70_000, 10, "real_time")
    assert chain.send("cid", late).code is Code.BEYOND_AVAILABILITY
    chain.offer("cid", 10, 401)
    chain.do("cid", late)


def test_what_is_committed_stays_when_the_device_is_removed() -> None:
    chain = Chain()
    chain.trade(10)
    chain.do("dso", RemoveAsset("pv-cid"))
    answer = chain.query(GetAvailabilityRequest(VDG, 10, address("cid")), GetAvailabilityResponse)
    assert answer.capacity_wh == 0
    chain.go_to_slot(4)
    assert held(chain, "cid", 10) == 400
    assert chain.send("cid", DeclareAvailability(VDG, 20, (1,))).code is Code.BEYOND_CAPACITY


def test_a_sellers_energy_goes_round_the_slots_of_a_block_over_all_its_pairs() -> None:
    chain = Chain()
    bids = [("ann", "bid", 4, 150_000), ("bob", "bid", 3, 140_000), ("eve", "bid", 5, 130_000)]
    asks = [("cid", "ask", 7, 70_000), ("dee", "ask", 9, 80_000)]
    for home in ("cid", "dee"):
        chain.offer(home, 144, *[2] * 6)
    # eve sets the price of the bids and does not trade; dee that of the asks.
    chain.do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD,)))
    chain.do("dso", AddMember(VDG, address("eve"), "meter-eve"))
    chain.do("issuer", Mint(address("eve"), EUR))
    for home, side, energy, price in bids + asks:
        chain.do(home, chain.order(home, side, energy, price, 144, "day_ahead"))
    chain.go_to_slot(72)
    of_slot = [sum(c.energy_wh for c in contracts(chain) if c.slot == slot) for slot in range(144, 150)]
    assert of_slot == [2, 1, 1, 1, 1, 1]
    assert [held(chain, "cid", slot) for slot in range(144, 150)] == of_slot
    assert sorted({c.contract_id for c in contracts(chain)}) == sorted(c.contract_id for c in contracts(chain))
    for home, energy in (("ann", 4), ("bob", 3)):
        bought = [
            chain.query(GetPositionRequest(VDG, slot, address(home)), GetPositionResponse).position
            for slot in range(144, 150)
        ]
        assert sum(position.bought_wh for position in bought if position) == energy
        assert chain.balance(home).escrow_neur == energy * 130_000


@pytest.mark.parametrize(("side", "cap", "code"), [("bid", 99, Code.ABOVE_CAP), ("bid", 100, Code.OK)])
def test_a_cap_counts_the_order_of_each_slot(side: str, cap: int, code: Code) -> None:
    chain = Chain()
    chain.do("dso", SetCaps(VDG, 146, (cap,), (cap,)))
    assert chain.send("ann", chain.order("ann", side, 600, 1_000, 144, "day_ahead")).code is code


def test_a_cap_counts_what_is_contracted() -> None:
    chain = Chain()
    chain.trade(10)
    chain.go_to_slot(4)
    chain.do("dso", SetCaps(VDG, 10, (500,), (500,)))
    late = [chain.send("ann", chain.order("ann", "bid", wh, 1_000, 10, "real_time")).code for wh in (101, 100)]
    assert late == [Code.ABOVE_CAP, Code.OK]


def test_a_book_whose_orders_were_all_cancelled_clears_to_nothing() -> None:
    chain = Chain()
    chain.do("ann", chain.order("ann", "bid", 5, 1_000, 10))
    chain.do("ann", chain.cancel(10))
    chain.go_to_slot(4)
    (event,) = chain.events_of(BookCleared)
    assert event.book is not None
    assert (event.book.bids, event.book.volume_wh, event.book.contracts) == (0, 0, 0)
