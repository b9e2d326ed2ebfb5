"""Settlement by hand: MODEL section 6 in numbers."""

from __future__ import annotations

import pytest

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.world import BUY_PRICE, EUR, SELL_PRICE, VDG
from wire.grid import SetRebates, SetTariff
from wire.ledger import VALIDATOR_POOL, PayDebt, Transfer, account_holder, reward_pool
from wire.results import Code
from wire.settlement import (
    CertificateMinted,
    DeclareFlow,
    GetHouseholdRequest,
    GetHouseholdResponse,
    GetSlotRequest,
    GetSlotResponse,
    HouseholdSettlement,
    SlotSettlement,
    ValidatorsRewarded,
)

FLOWS = {"ann": 430, "bob": 20, "cid": -350, "dee": -5}


def settled(chain: Chain, flows: dict[str, int], slot: int = 10) -> SlotSettlement:
    """Prove a slot in the one after it, and the record of its settlement."""
    chain.go_to_slot(slot + 1)
    chain.do("dso", chain.proofs(slot, flows))
    chain.block()
    record = chain.query(GetSlotRequest(VDG, slot), GetSlotResponse).settlement
    assert record is not None
    return record


def bill(chain: Chain, home: str, slot: int = 10) -> HouseholdSettlement:
    """A home's settled slot."""
    found = chain.query(GetHouseholdRequest(VDG, slot, address(home)), GetHouseholdResponse).settlement
    assert found is not None
    return found


def test_a_slot_settles_to_the_nano_euro() -> None:
    chain = Chain()
    chain.do("dso", SetRebates(VDG, 10, (2_000,)))
    chain.do("ann", DeclareFlow(VDG, 10, 25))
    chain.trade(10)
    before = {name: chain.balance(name) for name in ("ann", "cid", "dso", "supplier")}
    record = settled(chain, FLOWS)
    assert record == SlotSettlement(
        VDG, 10, record.height, False, 4, 1, 0, contracted_wh=400, verified_wh=350, surplus_neur=400 * 10_000
    )
    ann, cid = bill(chain, "ann"), bill(chain, "cid")
    assert (ann.flow_wh, ann.bought_wh, ann.sold_wh, ann.planned_wh) == (430, 400, 0, 425)
    assert ann.contracts_neur == -400 * 120_000
    assert ann.deviation_neur == -30 * BUY_PRICE
    assert ann.rebate_neur == 350 * 2_000
    assert ann.reward_neur == 1_000 * 400 - 10 * 5**2
    assert (cid.sold_wh, cid.planned_wh, cid.contracts_neur) == (400, -400, 400 * 110_000)
    assert cid.deviation_neur == -50 * BUY_PRICE
    assert cid.reward_neur == 1_000 * 400 - 10 * 50**2
    assert chain.balance("ann").escrow_neur == 0
    # Ann's escrow was taken before; her free money changes by the rest.
    paid_before = before["ann"].free_neur + before["ann"].escrow_neur
    total = ann.contracts_neur + ann.deviation_neur + ann.rebate_neur + ann.reward_neur
    assert chain.balance("ann").free_neur == paid_before + total
    assert chain.balance("dso").free_neur == before["dso"].free_neur - 350 * 2_000
    assert chain.balance("supplier").free_neur == before["supplier"].free_neur + 100 * BUY_PRICE - 5 * SELL_PRICE
    assert chain.balance_of(VALIDATOR_POOL).free_neur == 400 * 10_000
    (minted,) = chain.events_of(CertificateMinted)
    assert minted.certificate is not None
    assert (minted.certificate.producer, minted.certificate.consumer) == (address("cid"), address("ann"))
    assert minted.certificate.energy_wh == 350


@pytest.mark.parametrize(("ann", "cid", "verified"), [(-5, -400, 0), (400, 5, 0), (399, -400, 399), (900, -900, 400)])
def test_what_both_sides_delivered_is_verified(ann: int, cid: int, verified: int) -> None:
    chain = Chain()
    chain.trade(10)
    assert settled(chain, {"ann": ann, "bob": 0, "cid": cid, "dee": 0}).verified_wh == verified


def test_a_miss_of_the_plan_is_charged_into_the_pool() -> None:
    chain = Chain()
    chain.trade(10)
    before = chain.balance_of(reward_pool(VDG)).free_neur
    settled(chain, {"ann": 900, "bob": 0, "cid": -400, "dee": 0})
    charge, reward = 10 * 500**2 - 1_000 * 400, 1_000 * 400
    assert bill(chain, "ann").reward_neur == -charge
    assert bill(chain, "cid").reward_neur == reward
    assert chain.balance_of(reward_pool(VDG)).free_neur == before + charge - reward


def test_a_short_pool_scales_all_rewards_down_together() -> None:
    document = world.genesis()
    document["ledger"]["balances"][-1]["amount_neur"] = 500_001
    chain = Chain(document)
    chain.trade(10)
    settled(chain, {"ann": 400, "bob": 0, "cid": -400, "dee": 0})
    rewards = sorted([bill(chain, "ann").reward_neur, bill(chain, "cid").reward_neur])
    assert rewards == [250_000, 250_001]
    assert chain.balance_of(reward_pool(VDG)).free_neur == 0


@pytest.mark.parametrize("missing", ["ann", "cid"])
def test_at_the_deadline_contracts_without_proof_of_both_sides_are_unwound(missing: str) -> None:
    chain = Chain()
    chain.trade(10)
    chain.go_to_slot(11)
    chain.do("dso", chain.proofs(10, {h: f for h, f in FLOWS.items() if h != missing}))
    chain.go_to_slot(16, 599)
    assert not chain.query(GetSlotRequest(VDG, 10), GetSlotResponse).found
    assert chain.balance("ann").escrow_neur == 400 * 120_000
    chain.go_to_slot(17)
    record = chain.query(GetSlotRequest(VDG, 10), GetSlotResponse).settlement
    assert record is not None
    assert (record.at_deadline, record.contracts_unwound, record.verified_wh) == (True, 1, 0)
    assert chain.balance("ann").escrow_neur == 0
    other = "cid" if missing == "ann" else "ann"
    assert bill(chain, other).contracts_neur == 0
    assert not chain.query(GetHouseholdRequest(VDG, 10, address(missing)), GetHouseholdResponse).found
    assert not chain.events_of(CertificateMinted)


def test_a_proof_counts_until_the_second_before_the_deadline() -> None:
    for seconds, code in ((599, Code.OK), (600, Code.SLOT_CLOSED)):
        chain = Chain()
        chain.go_to_slot(15)
        tx = chain.tx("dso", chain.proofs(10, {"ann": 1}), expires_s=chain.time_s + 3000)
        assert chain.block(tx, time_s=world.EPOCH_S + 16 * 600 + seconds)[0].code is code


def test_a_debt_stops_orders_until_it_is_paid_in_full() -> None:
    chain = Chain()
    chain.do("bob", Transfer(address("ann"), chain.balance("bob").free_neur))
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"ann": 0, "bob": 10, "cid": 0, "dee": 0}))
    chain.block()
    assert bill(chain, "bob", 0).debt_neur == 10 * BUY_PRICE
    supplier = chain.balance("supplier").free_neur
    order = chain.order("bob", "bid", 1, 1, 20)
    chain.do("ann", Transfer(address("bob"), EUR))
    for part, code in ((10 * BUY_PRICE - 1, Code.IN_DEBT), (1, Code.OK)):
        chain.do("bob", PayDebt(account_holder(address("supplier")), "consumption", part))
        assert chain.send("bob", order).code is code
    assert chain.balance("supplier").free_neur == supplier + 10 * BUY_PRICE


def test_a_trade_that_neither_side_delivers_costs_the_two_all_that_they_earn_in_rewards() -> None:
    document = world.genesis()
    # The highest rate that the genesis takes.
    rate = (BUY_PRICE - SELL_PRICE) // 2
    document["grid"] = {"grids": [world.grid(reward_rate_neur_per_wh=rate)]}
    chain = Chain(document)
    chain.do("ann", DeclareFlow(VDG, 10, -400))
    chain.do("cid", DeclareFlow(VDG, 10, 400))
    chain.trade(10)
    record = settled(chain, dict.fromkeys(world.HOMES, 0))
    pair = [bill(chain, "ann"), bill(chain, "cid")]
    assert [home.reward_neur for home in pair] == [400 * rate] * 2
    assert sum(home.deviation_neur for home in pair) == -400 * (BUY_PRICE - SELL_PRICE)
    received = sum(home.contracts_neur + home.deviation_neur + home.reward_neur for home in pair)
    assert received == -record.surplus_neur < 0


def test_tariffs_are_those_of_the_slots_place_in_the_day_and_of_the_newest_that_started() -> None:
    document = world.genesis()
    prices = [100_000 + slot for slot in range(144)]
    document["grid"] = {"grids": [world.grid(buy_price_neur_per_wh=prices)]}
    chain = Chain(document)
    chain.do("supplier", SetTariff(VDG, 150, (300_000,), (1,)))
    for slot, price in ((10, 100_010), (147, 100_003), (150, 300_000)):
        chain.go_to_slot(slot)
        chain.go_to_slot(slot + 1)
        chain.do("dso", chain.proofs(slot, {"ann": 7, "bob": 0, "cid": 0, "dee": 0}))
        chain.block()
        assert bill(chain, "ann", slot).deviation_neur == -7 * price
    chain.go_to_slot(200)
    chain.do("supplier", SetTariff(VDG, 210, (300_000,), (2,)))
    stored = [key for key in chain.stored() if key.startswith(b"grid/t")]
    assert len(stored) == 2  # the first has no open slot left; the one of slot 150 has


def test_a_settled_slot_is_forgotten_when_it_is_long_over_but_its_certificates_stay() -> None:
    chain = Chain(world.genesis(settlement={"keep_slots": 20}))
    chain.trade(10)
    settled(chain, FLOWS)
    chain.go_to_slot(30, 599)
    assert chain.query(GetSlotRequest(VDG, 10), GetSlotResponse).found
    chain.go_to_slot(31)
    slot = (10).to_bytes(8, "big")
    left = [key for key in chain.stored() if slot in key and not key.startswith(b"settlement/c")]
    assert not [key for key in left if b"lilas/" + slot in key]
    assert [key for key in chain.stored() if key.startswith(b"settlement/c")]


def test_validators_share_their_pool_by_power() -> None:
    chain = Chain(world.genesis(settlement={"payout_s": 9_000}))
    chain.trade(10)
    settled(chain, FLOWS)
    chain.go_to_slot(20)
    assert chain.balance("oscar").free_neur == 3_000_000
    assert chain.balance("olga").free_neur == 1_000_000
    assert chain.balance_of(VALIDATOR_POOL).free_neur == 0
    assert chain.events_of(ValidatorsRewarded) == [ValidatorsRewarded(4_000_000, 2)]
    assert [key for key in chain.stored() if key.startswith(b"chain/d")]
