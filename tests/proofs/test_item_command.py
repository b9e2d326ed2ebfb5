"""Any item of the state is proved by the command line, whether or not a query is about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.world import VDG
from tests.proofs.command import vdg
from tests.proofs.setting import Setting


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (("market", "text:pintraday"), "There is a Product of product intraday."),
        (("market", "text:pnone"), "There is no Product of product none."),
        (("chain", "70"), "There is a ChainParameters."),
        (("grid", (b"t" + VDG.encode() + b"/" + bytes(8)).hex()), f"There is a Tariff of vdg {VDG}, from_slot 0."),
        (("asset", "text:apv-cid"), "Key 6170762d636964 of store asset has the value "),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
async def test_any_item_of_the_state_is_written_and_checked_by_its_key(
    setting: Setting, tmp_path: Path, place: tuple[str, str], says: str
) -> None:
    out, trust = tmp_path / "proof.json", ("--genesis", setting.genesis)
    done = await vdg("proof", "item", *place, "--out", out, *trust, gateway=setting.gateway.address)
    assert done.code == 0, done.err
    assert says in done.out
    checked = await vdg("proof", "check", out, *trust)
    assert (checked.code, says in checked.out) == (0, True)


async def test_a_list_in_a_value_is_written_for_people(setting: Setting, tmp_path: Path) -> None:
    out, trust = tmp_path / "proof.json", ("--genesis", setting.genesis)
    done = await vdg("proof", "item", "chain", "text:p", "--out", out, *trust, gateway=setting.gateway.address)
    assert done.code == 0, done.err
    checked = await vdg("proof", "check", out, *trust)
    assert "    quotas: role=household transactions=64, role=dso " in checked.out


async def test_a_key_that_is_none_is_bad_input(setting: Setting, tmp_path: Path) -> None:
    done = await vdg("proof", "item", "market", "pintraday", "--out", tmp_path / "x", "--genesis", setting.genesis)
    assert (done.code, "KEY = 'pintraday': give an even number of hexadecimal digits" in done.err) == (2, True)
