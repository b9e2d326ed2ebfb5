"""Which software executes which block, in one process."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from abci_app.app import App
from abci_app.core.refusal import InvariantBroken
from abci_app.migrations import MIGRATIONS, VERSION, Software
from abci_app.state.store import MemoryStore
from abci_app.upgrade import WrongSoftware
from node.localnet.process import Command
from node.localnet.unit import Unit, UnitState
from node.validator.exits import FINAL, ValidatorExit, exit_for
from tests.governance.governed import GovernedChain
from tests.governance.next_version import NEW_MAX_EXPIRY_S, NEXT_SOFTWARE
from wire.chain import GetParametersResponse, UpgradePlan
from wire.codec import decode
from wire.governance import CancelUpgrade, Change

LEAD = 10


def planned() -> tuple[GovernedChain, int]:
    """A chain whose next block is the upgrade's."""
    chain = GovernedChain()
    height = chain.app.last_block.height + LEAD
    chain.decide(Change(plan_upgrade=UpgradePlan(2, height)))
    while chain.app.last_block.height < height - 1:
        chain.block()
    return chain, height


def parameters(app: App) -> GetParametersResponse:
    return decode(GetParametersResponse, app.query("/chain/GetParameters", b"").value)


def test_old_software_stops_before_the_height_and_changes_nothing() -> None:
    chain, height = planned()
    before = chain.stored()
    with pytest.raises(
        WrongSoftware, match=f"height {height - 1} is committed, nothing was done of {height}"
    ) as caught:
        chain.block()
    assert caught.value.needed_version == 2
    assert chain.stored() == before
    with pytest.raises(WrongSoftware, match="start version 2 on the same folder"):
        App(chain.store)


def test_new_software_migrates_once_and_goes_on_and_old_software_never_comes_back() -> None:
    chain, height = planned()
    chain.app = App(chain.store, software=NEXT_SOFTWARE)
    assert (chain.app.app_version, chain.app.software_version) == (1, 2)
    done = chain.finalize()
    assert (chain.app.last_block.height, done.app_version, chain.app.app_version) == (height, 2, 2)
    found = parameters(chain.app)
    assert found.parameters is not None
    assert (found.parameters.max_expiry_s, found.upgrade) == (NEW_MAX_EXPIRY_S, None)
    assert chain.finalize().app_hash == done.app_hash
    chain.app = App(chain.store, software=NEXT_SOFTWARE)
    chain.block()
    with pytest.raises(WrongSoftware, match="runs version 2, and this is version 1: start version 2"):
        App(chain.store)


def test_the_upgrades_block_is_the_same_after_a_crash_at_any_step() -> None:
    chain, height = planned()
    time_ns = (chain.time_s + 1) * 10**9
    first = App(chain.store, software=NEXT_SOFTWARE).finalize_block(height, time_ns, [])
    again = App(chain.store, software=NEXT_SOFTWARE)
    again.prepare_proposal([], 1_000, chain.time_s + 1)
    assert again.finalize_block(height, time_ns, []) == first
    assert again.finalize_block(height, time_ns, []) == first
    again.commit()
    assert App(chain.store, software=NEXT_SOFTWARE).last_block.app_hash == first.app_hash


def test_new_software_that_is_started_too_early_does_nothing() -> None:
    chain = GovernedChain()
    with pytest.raises(WrongSoftware, match="runs version 1, and this is version 2: start version 1") as caught:
        App(chain.store, software=NEXT_SOFTWARE)
    assert caught.value.needed_version == 1
    chain.decide(Change(plan_upgrade=UpgradePlan(2, 100)))
    with pytest.raises(WrongSoftware, match="runs version 1 until height 100"):
        App(chain.store, software=NEXT_SOFTWARE)


def test_software_that_skips_a_version_does_nothing() -> None:
    chain, _ = planned()
    with pytest.raises(WrongSoftware, match=r"planned version 2 .* this is version 3"):
        App(chain.store, software=Software(3, NEXT_SOFTWARE.migrations))


def test_software_without_a_migration_of_its_own_is_a_defect() -> None:
    chain, _ = planned()
    with pytest.raises(InvariantBroken, match="has no migration"):
        App(chain.store, software=Software(2, {}))


def test_an_upgrade_that_is_cancelled_halts_nobody() -> None:
    chain = GovernedChain()
    height = chain.app.last_block.height + LEAD
    chain.decide(Change(plan_upgrade=UpgradePlan(2, height)))
    chain.decide(Change(cancel_upgrade=CancelUpgrade(2)))
    for _ in range(LEAD):
        chain.block()
    assert chain.app.last_block.height > height


def test_a_genesis_that_names_a_version_is_for_that_software_only() -> None:
    with pytest.raises(WrongSoftware, match="the chain began with version 1, and this is version 2"):
        App(MemoryStore(), software=NEXT_SOFTWARE).init_chain("x", 1, [], b"{}", 1)


def test_this_software_has_a_migration_to_every_version_after_the_first() -> None:
    assert sorted(MIGRATIONS) == list(range(2, VERSION + 1))


async def test_a_supervisor_starts_nothing_again_that_needs_other_software(tmp_path: Path) -> None:
    assert exit_for(WrongSoftware("start version 2", 2)) is ValidatorExit.WRONG_SOFTWARE
    script = f"raise SystemExit({ValidatorExit.WRONG_SOFTWARE:d})"
    argv = (sys.executable, "-IS", "-c", script)
    unit = Unit("v", (Command("app", argv, tmp_path, tmp_path / "app.log", final_ends=FINAL),))
    unit.start()
    async with asyncio.timeout(60):
        while unit.state is not UnitState.HALTED:
            await asyncio.sleep(0.05)
    assert unit.restarts == 0
    assert (
        unit.last_end
        == "app ended with exit code 78 (the next block needs another version of the software, which its log names)"
    )
    await unit.stop()
