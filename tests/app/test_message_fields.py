"""Fields that no message may have, whatever the state."""

from __future__ import annotations

from typing import Any

import pytest

from abci_app import pipeline
from tests.app.chain import Chain, codes
from tests.app.keyring import address, public_key_of
from tests.app.world import VDG
from wire.accounts import AdmitAccount, Role
from wire.asset import Asset, AssetKind, DeclareAvailability, RegisterAsset
from wire.flowproof import SubmitProofs
from wire.grid import CreateGrid, Grid, SetCaps, SetProofKey, SetTariff
from wire.ledger import PayDebt, Transfer
from wire.results import Code
from wire.settlement import DeclareFlow

GRID = Grid("tulip", 1, 600, address("dso"), address("supplier"), public_key_of("prover"), proof_deadline_slots=6)
PV = Asset("pv-x", VDG, address("ann"), AssetKind.ASSET_KIND_PV, 5)
KEY = public_key_of("eve")


@pytest.mark.parametrize(
    ("sender", "message", "field"),
    [
        ("registrar", AdmitAccount(KEY[:-1], (Role.ROLE_DSO,)), "public_key"),
        ("registrar", AdmitAccount(KEY, ()), "roles"),
        ("registrar", AdmitAccount(KEY, (Role.ROLE_UNSPECIFIED,)), "roles"),
        ("registrar", AdmitAccount(KEY, (Role.ROLE_DSO, Role.ROLE_DSO)), "roles"),
        ("registrar", AdmitAccount(KEY, (Role.ROLE_SUPPLIER, Role.ROLE_DSO)), "in order of number"),
        ("registrar", CreateGrid(None), "grid = None"),
        ("registrar", CreateGrid(GRID._replace(vdg="Tulip")), "grid.vdg"),
        ("registrar", CreateGrid(GRID._replace(slot_seconds=0)), "grid.slot_seconds"),
        ("registrar", CreateGrid(GRID._replace(slot_seconds=86_401)), "grid.slot_seconds"),
        ("registrar", CreateGrid(GRID._replace(proof_deadline_slots=0)), "grid.proof_deadline_slots"),
        ("registrar", CreateGrid(GRID._replace(priority=1001)), "grid.priority"),
        ("registrar", CreateGrid(GRID._replace(members=1)), "grid.members"),
        ("supplier", SetTariff(VDG, 10, (1, 2), (1,)), "buy_price_neur_per_wh"),
        ("supplier", SetTariff(VDG, 10, (10**9 + 1,), (1,)), "buy_price_neur_per_wh"),
        ("dso", SetCaps(VDG, 10, (1, 2), (1,)), "export_cap_wh"),
        ("dso", SetCaps(VDG, 10, (), ()), "import_cap_wh"),
        ("dso", SetCaps(VDG, 10, (1,), (1,), "x" * 201), "reason"),
        ("dso", SetProofKey(VDG, b""), "proof_key"),
        ("dso", RegisterAsset(None), "asset = None"),
        ("dso", RegisterAsset(PV._replace(kind=AssetKind.ASSET_KIND_UNSPECIFIED)), "asset.kind"),
        ("dso", RegisterAsset(PV._replace(power_w=0)), "asset.power_w"),
        ("dso", RegisterAsset(PV._replace(power_w=10**9 + 1)), "asset.power_w"),
        ("dso", RegisterAsset(PV._replace(capacity_wh=1)), "asset.capacity_wh"),
        ("ann", DeclareAvailability(VDG, 10, ()), "energy_wh"),
        ("ann", DeclareAvailability(VDG, 10, (1,) * 145), "energy_wh"),
        ("ann", DeclareFlow(VDG, 10, -(10**6) - 1), "supplier_flow_wh"),
        ("ann", PayDebt(b"", "x", 1), "creditor"),
        ("ann", SubmitProofs(VDG, 0, ()), "proofs"),
        ("ann", SubmitProofs(VDG, 1 << 41, ()), "slot"),
    ],
)
def test_a_field_that_cannot_be_is_named(sender: str, message: Any, field: str) -> None:
    result = Chain().send(sender, message)
    assert result.code is Code.INVALID_FIELD
    assert field in result.message


def test_what_the_pipeline_remembers_is_bounded_and_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_REMEMBERED_BYTES", 600)
    chain = Chain()
    txs = [chain.tx("ann", Transfer(address("bob"), number)) for number in range(1, 20)]
    assert {chain.app.check_tx(tx).code for tx in txs} == {Code.OK}
    assert sum(map(len, chain.app._pipeline._known)) <= 600
    assert codes(chain.block(*txs)) == [Code.OK] * 19
    assert chain.app._pipeline._known_bytes == 0
