"""Every contract ends settled or unwound, whatever stands in the way; and nothing stays behind for ever."""

from __future__ import annotations

from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.app.world import EUR, VDG
from wire.accounts import AdmitAccount, Role
from wire.asset import Asset, AssetKind, RegisterAsset
from wire.chain import DueFailed
from wire.grid import AddMember, CreateGrid, Grid, SetCaps, SetProofKey, SetRebates
from wire.settlement import ContractUnwound, SlotSettled


def test_a_vdg_without_a_tariff_gets_its_contracts_unwound() -> None:
    document = world.genesis()
    document["grid"] = {"grids": []}
    document["asset"] = {"assets": []}
    chain = Chain(document)
    chain.do(
        "registrar",
        CreateGrid(
            Grid(VDG, world.EPOCH_S, 600, address("dso"), address("supplier"), public_key_of("prover"), 0, 0, 6)
        ),
    )
    for home in world.HOMES:
        chain.do("dso", AddMember(VDG, address(home), f"meter-{home}"))
        chain.do("dso", RegisterAsset(Asset(f"pv-{home}", VDG, address(home), AssetKind.ASSET_KIND_PV, 6_000)))
    chain.trade(10)
    chain.go_to_slot(11)
    chain.do("dso", chain.proofs(10, {"ann": 400, "bob": 0, "cid": -400, "dee": 0}))
    chain.block()
    assert len(chain.events_of(ContractUnwound)) == 1
    assert chain.balance("ann").escrow_neur == 0
    assert chain.balance("ann").free_neur == 100 * EUR
    (failed,) = chain.events_of(DueFailed)
    assert "has no tariff yet" in failed.reason


def test_a_charge_beyond_64_bits_unwinds_the_slot_and_blocks_nobody() -> None:
    document = world.genesis()
    document["grid"] = {"grids": [world.grid(deviation_neur_per_wh2=10**9)]}
    chain = Chain(document)
    chain.trade(10)
    chain.go_to_slot(11)
    chain.do("dso", chain.proofs(10, {"ann": 10**6, "bob": 0, "cid": -400, "dee": 0}))
    chain.block()
    (settled,) = [event.settlement for event in chain.events_of(SlotSettled)]
    assert settled is not None
    assert (settled.contracts_settled, settled.contracts_unwound) == (0, 1)
    assert chain.balance("ann").escrow_neur == 0
    assert not [key for key in chain.stored() if key.startswith((b"market/c", b"asset/v"))]


def test_a_slot_settles_when_all_who_were_members_in_it_have_proved_it() -> None:
    chain = Chain()
    chain.trade(10)
    chain.go_to_slot(11)
    chain.do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD,)))
    chain.do("dso", AddMember(VDG, address("eve"), "meter-eve"))
    chain.do("dso", chain.proofs(10, {"ann": 400, "bob": 0, "cid": -400}))
    chain.block()
    assert not chain.events_of(SlotSettled)
    chain.do("dso", chain.proofs(10, {"dee": 0}))
    chain.block()
    (event,) = chain.events_of(SlotSettled)
    assert event.settlement is not None
    assert not event.settlement.at_deadline


def test_a_proof_of_a_newcomer_for_an_earlier_slot_settles_it_no_sooner() -> None:
    chain = Chain()
    chain.trade(10)
    chain.go_to_slot(11)
    chain.do("registrar", AdmitAccount(public_key_of("eve"), (Role.ROLE_HOUSEHOLD,)))
    chain.do("dso", AddMember(VDG, address("eve"), "meter-eve"))
    chain.do("dso", chain.proofs(10, {"ann": 400, "bob": 0, "cid": -400, "eve": 3}))
    chain.block()
    assert not chain.events_of(SlotSettled)


def test_caps_and_rebates_of_a_slot_without_trade_are_forgotten() -> None:
    document = world.genesis(settlement={"keep_slots": 2})
    chain = Chain(document)
    chain.do("dso", SetCaps(VDG, 3, (5,), (5,)))
    chain.do("dso", SetRebates(VDG, 4, (5,)))
    before = [key for key in chain.stored() if key.startswith(b"grid/s")]
    assert len(before) == 2
    for slot in range(3, 15):
        chain.go_to_slot(slot)
    left = chain.stored()
    assert not [key for key in left if key.startswith((b"grid/s", b"settlement/s", b"flowproof/c"))]


def test_a_proof_stays_a_no_op_after_the_proof_key_was_replaced() -> None:
    chain = Chain()
    chain.go_to_slot(1)
    batch = chain.proofs(0, {"ann": 5})
    chain.do("dso", batch)
    chain.do("dso", SetProofKey(VDG, public_key_of("prover-2")))
    chain.do("bob", batch)


def test_a_supplier_that_is_a_household_of_its_own_vdg_never_owes_itself() -> None:
    document = world.genesis()
    accounts = document["accounts"]["accounts"]
    for account in accounts:
        if account["label"] == "ann":
            account["roles"] = ["household", "supplier"]
    document["grid"] = {"grids": [world.grid(supplier=address("ann").hex())]}
    document["ledger"] = {"balances": []}
    chain = Chain(document)
    chain.go_to_slot(1)
    chain.do("dso", chain.proofs(0, {"ann": 5, "bob": 0, "cid": 0, "dee": 0}))
    chain.block()
    assert chain.events_of(SlotSettled)
    assert not [key for key in chain.stored() if key.startswith(b"ledger/d")]
