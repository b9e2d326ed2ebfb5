"""When the slot of a receipt was follows from the record of its own grid, and of no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.keyring import address, public_key_of
from tests.app.world import EPOCH_S, SLOT_SECONDS
from tests.proofs.command import vdg, verify_receipt
from tests.proofs.setting import RECEIPTS, Setting, exported
from wire import state_keys as at
from wire.grid import CreateGrid, Grid

# A day earlier, and otherwise as good.
OTHER = Grid(
    "roses", EPOCH_S - 86_400, SLOT_SECONDS, address("dso"), address("supplier"), public_key_of("p"), 1_000, 10, 6
)


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda receipt: receipt[0])
async def test_the_record_of_another_grid_makes_no_receipt_though_it_is_proved(
    setting: Setting, tmp_path: Path, receipt: tuple[str, ...]
) -> None:
    chain = setting.gateway.chain
    chain.do("registrar", CreateGrid(OTHER))
    chain.block()
    path, out = tmp_path / "receipt.json", tmp_path / "other.json"
    file = await exported(setting, receipt, path)
    other = at.GRIDS.at(at.grid_prefix(OTHER.vdg))
    answer = chain.answer(other, int(file["height"]))
    ops = [{"type": op.type, "key": op.key.hex(), "data": op.data.hex()} for op in answer.ops]
    file["items"][-1] = {"store": "grid", "key": other.key.hex(), "value": answer.value.hex(), "ops": ops}
    out.write_text(json.dumps(file))
    ours = await vdg("proof", "check", out, "--genesis", setting.genesis)
    assert (ours.code, "WRONG_KEY: the receipt is about lilas, and holds the record of another" in ours.err) == (
        5,
        True,
    )
    theirs = await verify_receipt(out, setting.genesis)
    assert (theirs.code, "NOT PROVED: ValueError: the grid is another one" in theirs.err) == (1, True)
