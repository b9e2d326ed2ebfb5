"""A damaged store is named; the node's state is made anew by replay, or by state sync where blocks are pruned."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.localnet.joining import look_up
from node.localnet.localnet import Localnet
from node.localnet.unit import UnitState
from node.rebuild.errors import RebuildError
from node.rebuild.rebuild import by_replay, by_state_sync
from node.store.level import LevelStore
from node.validator.exits import ValidatorExit
from tests.crash.node import DEADLINE_SECONDS, Node
from tests.crash.traffic import Traffic
from tests.crash.undisturbed import check_store
from tests.localnet.conftest import eventually
from tests.snapshots.network import application, new_chain, payment

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as there are sockets in it."""
    with tempfile.TemporaryDirectory(prefix="vc") as name:
        yield Path(name)


def rebuild(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`vdg node rebuild`."""
    command = [sys.executable, "-m", "node.cli.main", "node", "rebuild", "--home", str(home), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def change_a_value(home: Path) -> None:
    """What no checksum of the database notices: a value that was never committed."""
    store = LevelStore(home / "state")
    key, value = next(store.iterate(b"ledger/", b"ledger0"))
    store.write([(key, value[:-1] + bytes((value[-1] ^ 1,)))])
    store.close()


def test_a_damaged_store_is_named_and_made_anew_from_the_nodes_blocks(folder: Path) -> None:
    node, traffic = Node(folder / "n"), Traffic(seed=3)
    try:
        node.start()
        node.wait(lambda: node.height() >= 2, "there were blocks")
        traffic.pump(node)
        running = rebuild(node.folder)
        assert running.returncode == 1
        assert "runs (process " in running.stderr
        node.wait(lambda: node.height() >= 5, "there were more blocks")
        node.kill()
        change_a_value(node.folder)
        node.start_app()
        assert node.app is not None
        assert node.app.wait(DEADLINE_SECONDS) == ValidatorExit.STORE_DAMAGED
        last = node.log("app").splitlines()[-1]
        # The first version that differs is named: the present one, or one before it that can still be proved.
        assert re.search("store state: (the store hashes|what takes block [0-9]+ back leads) to", last)
        assert "`vdg node rebuild --home HOME` sets it aside" in last
        done = rebuild(node.folder, "--json")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["replays_to"] >= 5
        assert (Path(answer["set_aside"]) / "state" / "CURRENT").exists()
        node.start()

        def settled() -> bool:
            traffic.pump(node, new=False)
            return not traffic.outstanding

        node.wait(settled, "every transfer was in a block")
        traffic.check_chain(node)
        assert node.stop() == (0, 0)
        check_store(node.folder)
    finally:
        node.kill()


def test_a_folder_without_a_node_is_refused(folder: Path) -> None:
    refused = rebuild(folder)
    assert refused.returncode == 2
    assert "is no home of a node, which has config/ and data/: give one as" in refused.stderr


async def until_height(net: Localnet, height: int) -> None:
    """Wait for a block of the first validator."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await net.rpc(0).status()).height < height:
            await asyncio.sleep(0.05)


async def test_where_blocks_are_pruned_the_state_comes_from_the_other_validators(folder: Path) -> None:
    options = ("--snapshot-interval", "20", "--retain-blocks", "25", "--retain-seconds", "1")
    async with new_chain(folder / "net", application(*options), validators=4) as net:
        await net.up()
        await net.rpc(0).broadcast_tx_sync(payment(1))
        await net.wait_for_height(52)
        await net.stop("validator3")
        home = net.home / "validator3"
        change_a_value(home)
        # It is not tried again in vain, and the others go on.
        net.start("validator3")
        await eventually(lambda: net.unit("validator3").state is UnitState.HALTED)
        assert (
            "its store is damaged: its log says how, `vdg node rebuild` sets it aside"
            in net.unit("validator3").last_end
        )
        height = (await net.rpc(0).status()).height
        await until_height(net, height + 2)
        with pytest.raises(RebuildError, match=r"blocks 1 to \d+ are pruned here, .* \(--from URL --from URL\)"):
            await by_replay(home)
        signed = (home / "data" / "priv_validator_state.json").read_bytes()
        done = by_state_sync(home, await look_up([validator.rpc_url for validator in net.plan.validators[:2]]))
        assert (done.folder / "data" / "blockstore.db").exists()
        assert (home / "data" / "priv_validator_state.json").read_bytes() == signed
        net.start("validator3")
        await net.rpc(0).broadcast_tx_sync(payment(2))
        await net.wait_for_height((await net.rpc(0).status()).height + 3)
        assert (await net.rpc(3).status()).earliest_height > 20
        height = (await net.rpc(3).status()).height
        assert (await net.rpc(3).block(height)).hash == (await net.rpc(0).block(height)).hash
