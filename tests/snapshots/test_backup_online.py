"""A validator that runs is backed up, loses its disk, and goes on from the backup; a new node comes from it as well."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from node.cometbft.home import SIGN_STATE
from node.cometbft.rpc_errors import NotFoundError
from node.localnet.localnet import Localnet
from tests.snapshots.following import follows
from tests.snapshots.network import FAST, application, new_chain, payment, until
from tests.snapshots.vdg import vdg

# The first can decide alone: what the second signed just before it stopped may have reached nobody, and it never signs
# in that height again.
POWERS = (30, 10)
BLOCK_ID_FLAG_COMMIT = 2

pytestmark = [pytest.mark.network, pytest.mark.timeout(200)]


async def signs(net: Localnet, validator: int) -> bool:
    """Whether a validator's vote is in the newest commit that is in a block; later ones may still miss some votes."""
    address = net.plan.validators[validator].address.upper()
    height = (await net.rpc(0).status()).height - 1
    found = (await net.rpc(0).commit(height))["signed_header"]["commit"]["signatures"]
    return any(vote["validator_address"] == address and vote["block_id_flag"] == BLOCK_ID_FLAG_COMMIT for vote in found)


async def test_a_running_validator_is_backed_up_and_comes_back_from_it_and_so_does_a_new_node(folder: Path) -> None:
    file = folder / "node.tar"
    settings = replace(FAST, tx_index=False)
    async with new_chain(folder / "net", application(), validators=2, settings=settings, powers=POWERS) as net:
        await net.up()
        for nonce in range(1, 4):
            sent = await net.rpc(0).broadcast_tx_sync(payment(nonce))
        await net.wait_for_height(8)
        # Without its index CometBFT does not know the transaction, and says so in other words than one that has it.
        with pytest.raises(NotFoundError):
            await net.rpc(0).tx(sent.hash)
        home = net.home / "validator1"
        pids = {name: process.pid for name, process in net.unit("validator1").processes.items()}
        taken, _ = await vdg("backup", str(file), "--home", str(home))
        assert taken["height"] >= 7
        status, _ = await vdg("status", "--home", str(home))
        assert sorted(status["processes"]) == sorted(pids.values())
        # It went on afterwards, and signs; the processes are the same.
        await net.wait_for_height(taken["height"] + 3)
        await until(lambda: signs(net, 1))
        assert pids == {name: process.pid for name, process in net.unit("validator1").processes.items()}
        _, refused = await vdg("restore", str(file), "--home", str(home), code=1)
        assert "runs: stop it first" in refused

        await net.stop("validator1")
        signed = (home / SIGN_STATE).read_bytes()
        assert int(json.loads(signed)["height"]) > taken["height"]
        for lost in ("state", "data/blockstore.db", "data/state.db"):
            shutil.rmtree(home / lost)
        restored, _ = await vdg("restore", str(file), "--home", str(home))
        assert restored["height"] == taken["height"]
        assert (home / SIGN_STATE).read_bytes() == signed
        net.start("validator1")
        newest = (await net.rpc(0).status()).height
        await net.rpc(0).broadcast_tx_sync(payment(4))
        await net.wait_for_height(newest + 3)
        await until(lambda: signs(net, 1))

        await vdg("restore", str(file), "--home", str(folder / "new"))
        async with Localnet.open(folder / "new") as new:
            await new.up()
            await follows(new.rpc(0), net)
            assert (await new.rpc(0).status()).voting_power == 0
            assert (await new.rpc(0).status()).earliest_height == 1
        evidence = [
            (await net.rpc(0).call("block", height=str(height)))["block"]["evidence"] for height in range(1, newest)
        ]
        assert all(not found["evidence"] for found in evidence)
