"""Four real validators, and what happens when parts of them die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from node.cometbft.rpc_errors import NotFoundError, RpcUnreachableError
from node.localnet.errors import LocalnetError, NotRunningError, UnknownNameError
from node.localnet.localnet import Localnet, Part
from node.localnet.plan import SOCKET, Application, Service
from node.localnet.runstate import Phase, read_running
from node.localnet.status import read_status
from node.localnet.unit import RestartPolicy, UnitState
from node.toolchain import binary
from tests.localnet.conftest import DEADLINE_SECONDS, FAST, eventually, processes_in

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

KVSTORE = Application.of_cometbft("persistent_kvstore")


async def everybody_has(net: Localnet, tx: bytes) -> None:
    """Send a transaction to the first validator and wait until all have it in a block, at one height."""
    sent = await net.rpc(0).broadcast_tx_sync(tx)
    heights: set[int] = set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        for index in range(len(net.plan.validators)):
            while True:
                try:
                    heights.add((await net.rpc(index).tx(sent.hash)).height)
                    break
                except (NotFoundError, RpcUnreachableError):
                    # Not there yet, or just being restarted.
                    await asyncio.sleep(0.05)
    assert len(heights) == 1


async def app_hashes(net: Localnet, height: int) -> set[bytes]:
    """The validators' app hashes at a height."""
    return {(await net.rpc(index).block(height)).app_hash for index in range(len(net.plan.validators))}


async def test_a_localnet_comes_up_agrees_and_goes_without_a_trace(pairs: Localnet) -> None:
    lines: list[str] = []
    async with pairs:
        await pairs.up(report=lines.append)
        assert len(lines) == 4
        await everybody_has(pairs, b"where=everywhere")
        assert len(processes_in(pairs.home)) == 8
        assert len(await app_hashes(pairs, 2)) == 1
    assert processes_in(pairs.home) == []
    assert read_running(pairs.home) is None


@pytest.mark.parametrize("part", ["app", "cometbft"])
async def test_when_one_side_of_a_validator_is_killed_both_restart_and_catch_up(pairs: Localnet, part: Part) -> None:
    async with pairs:
        await pairs.up()
        await everybody_has(pairs, b"before=1")
        before = {name: process.pid for name, process in pairs.unit("validator2").processes.items()}
        await pairs.kill(2, part)
        await eventually(lambda: pairs.unit("validator2").restarts == 1)
        await everybody_has(pairs, b"after=1")
        after = {name: process.pid for name, process in pairs.unit("validator2").processes.items()}
        assert before.keys() == after.keys()
        assert all(before[name] != after[name] for name in before)
        assert f"validator2.{part} was ended by SIGKILL" in pairs.unit("validator2").last_end
        newest = (await pairs.rpc(2).status()).height
        await pairs.wait_for_height(newest)
        assert len(await app_hashes(pairs, newest)) == 1


async def test_a_cometbft_that_hangs_when_its_application_dies_is_killed_and_the_chain_goes_on(home: Path) -> None:
    store = str(binary("abci-cli"))
    application = Application.of_command(store, "kvstore", "--address", f"unix://{SOCKET}", "--persist", "store")
    made = Localnet.create(home, chain_id="hung", application=application, settings=FAST)
    net = Localnet(made.home, made.plan, RestartPolicy(grace_seconds=1.0))
    net.write_genesis({})
    async with net:
        await net.up()
        hung = psutil.Process(net.unit("validator1").processes["validator1.cometbft"].pid)
        hung.suspend()
        await net.kill(1, "app")
        await eventually(lambda: net.unit("validator1").restarts == 1)
        assert not hung.is_running()
        assert "validator1.app was ended by SIGKILL" in net.unit("validator1").last_end
        await everybody_has(net, b"goes=on")
        newest = (await net.rpc(0).status()).height
        await net.wait_for_height(newest)
        assert len(await app_hashes(net, newest)) == 1


@pytest.mark.parametrize("database", ["blockstore", "tx_index"])
async def test_a_validator_that_was_killed_during_its_very_first_start_comes_up_the_next_time(
    home: Path, database: str
) -> None:
    net = Localnet.create(home, chain_id="cut", validators=1, application=KVSTORE, settings=FAST)
    net.write_genesis({})
    # A first start up to the moment in which this database has a manifest that nothing names yet.
    folder = home / "validator0"
    node = subprocess.Popen([binary(), "start", "--home", folder], stdout=subprocess.DEVNULL, cwd=folder)
    manifest = folder / "data" / f"{database}.db" / "MANIFEST-000000"
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not manifest.exists():
                await asyncio.sleep(0)
    finally:
        node.kill()
        node.wait()
    # It may have come a step or two further, by which the next start would find its way.
    for later in manifest.parent.iterdir():
        if later != manifest:
            later.unlink()
    again = await asyncio.create_subprocess_exec(
        binary(), "start", "--home", folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(again.communicate(), DEADLINE_SECONDS)
    assert again.returncode != 0
    assert b"database entry point either missing or corrupted" in said
    async with net:
        await net.up()
        await everybody_has(net, b"born=late")
    assert f"vdg: {database}.db was not finished" in (home / "log" / "validator0.cometbft.log").read_text()


async def test_three_go_on_without_the_fourth_and_it_catches_up_when_it_comes_back(pairs: Localnet) -> None:
    async with pairs:
        await pairs.up()
        await pairs.stop("validator3")
        assert pairs.unit("validator3").state is UnitState.STOPPED
        alone = (await pairs.rpc(0).status()).height
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await pairs.rpc(0).status()).height < alone + 5:
                await asyncio.sleep(0.05)
        pairs.start("validator3")
        await pairs.wait_for_height(alone + 6)
        assert len(await app_hashes(pairs, alone + 5)) == 1


async def test_a_localnet_goes_on_where_it_was_stopped(home: Path) -> None:
    async with Localnet.create(home, chain_id="again", validators=1, application=KVSTORE, settings=FAST) as net:
        net.write_genesis({})
        await net.up()
        await everybody_has(net, b"kept=yes")
        height = (await net.rpc(0).status()).height
    async with Localnet.open(home) as net:
        await net.up()
        assert (await net.rpc(0).abci_query("/store", b"kept")).value == b"yes"
        await net.wait_for_height(height + 1)


async def test_the_genesis_names_validators_powers_time_and_application_state(home: Path) -> None:
    net = Localnet.create(home, chain_id="named", validators=2, application=KVSTORE, settings=FAST, powers=(3, 1))
    assert not net.has_genesis
    with pytest.raises(LocalnetError, match="no genesis yet"):
        await net.up()
    net.write_genesis({"homes": 33}, genesis_time_ns=1_700_000_000_123_456_789)
    async with net:
        await net.up()
        genesis = (await net.rpc(1).call("genesis"))["genesis"]
        assert genesis["app_state"] == {"homes": 33}
        validators = await net.rpc(0).validators()
        assert {validator.public_key for validator in validators} == set(net.validator_public_keys)
        assert [validator.voting_power for validator in validators] == [3, 1]
        assert (await net.rpc(0).block(1)).time_ns == 1_700_000_000_123_456_789


async def test_services_start_with_the_chain_and_are_told_where_it_is(home: Path) -> None:
    script = "import os, sys, time; print(os.environ['NODE'], sys.argv[1], os.getcwd(), flush=True); time.sleep(600)"
    async with Localnet.create(home, chain_id="served", validators=1, application=KVSTORE, settings=FAST) as net:
        net.write_genesis({})
        command = ("{python}", "-c", script, "{home}/place")
        net.add_service(Service(name="gateway", command=command, environment={"NODE": "{rpc0}"}))
        await net.up()
        log = home / "log" / "gateway.log"
        await eventually(lambda: log.exists() and log.read_text().endswith("\n"))
        assert log.read_text().split() == [net.plan.validators[0].rpc_url, f"{home}/place", str(home)]
        status = await read_status(home)
        assert [(service.name, service.state) for service in status.services] == [("gateway", UnitState.RUNNING)]
        with pytest.raises(LocalnetError, match="has the name of a validator"):
            net.add_service(Service(name="validator0", command=("true",)))
    assert processes_in(home) == []


async def test_a_validator_that_does_not_stay_up_is_named_with_its_last_words(home: Path) -> None:
    script = "import sys; sys.exit('the store is broken')"
    application = Application.of_command("{python}", "-c", script)
    net = Localnet.create(home, chain_id="broken", validators=1, application=application, settings=FAST)
    net.write_genesis({})
    with pytest.raises(LocalnetError, match=r"(?s)validator0 does not stay up: .*exit code 1.*the store is broken"):
        await net.up()
    assert processes_in(home) == []


async def test_a_chain_without_blocks_is_given_up_after_the_time_allowed(home: Path) -> None:
    # It never opens its socket, and CometBFT waits for it.
    application = Application.of_command("sleep", "600")
    net = Localnet.create(home, chain_id="idle", validators=1, application=application, settings=FAST)
    net.write_genesis({})
    with pytest.raises(LocalnetError, match=r"no block on every validator within 1 s"):
        await net.up(timeout_seconds=1)
    assert processes_in(home) == []


async def test_what_is_not_there_is_named_with_what_is(home: Path) -> None:
    with pytest.raises(NotRunningError, match="there is no localnet"):
        Localnet.open(home)
    async with Localnet.create(home, chain_id="one", validators=1, application=KVSTORE, settings=FAST) as net:
        net.write_genesis({})
        await net.up()
        with pytest.raises(UnknownNameError, match="choose one of validator0"):
            await net.stop("validator1")
        with pytest.raises(LocalnetError, match=r"validator0\.app does not run now"):
            await net.kill(0, "app")
        with pytest.raises(LocalnetError, match="runs already"):
            await Localnet.open(home).up()
    with pytest.raises(LocalnetError, match="there is a localnet in"):
        Localnet.create(home, chain_id="one")


@pytest.mark.parametrize(("validators", "powers"), [(0, ()), (2, (1,)), (1, (0,))])
def test_senseless_numbers_are_refused_before_anything_is_written(
    home: Path, validators: int, powers: tuple[int, ...]
) -> None:
    with pytest.raises(LocalnetError, match=r"give at least one validator, and for each a power of 1 or more"):
        Localnet.create(home, chain_id="x", validators=validators, powers=powers)
    assert not home.exists()


async def test_when_the_supervisor_is_killed_nothing_survives_it(pairs: Localnet) -> None:
    supervisor = subprocess.Popen([sys.executable, "-m", "node.localnet.daemon", str(pairs.home)])
    try:
        # Not sooner: the database of Go's application, killed while it is being made, cannot be opened again.
        await eventually(lambda: (state := read_running(pairs.home)) is not None and state.phase is Phase.UP)
        assert len(processes_in(pairs.home)) == 9
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        await eventually(lambda: processes_in(pairs.home) == [])
    finally:
        supervisor.kill()
    # What it left does not look like a running localnet, nor does it keep one from starting.
    assert read_running(pairs.home) is None
    async with pairs:
        await pairs.up()


def test_the_restart_policy_is_open_to_the_caller(home: Path) -> None:
    net = Localnet.create(home, chain_id="x", validators=1, application=KVSTORE)
    assert Localnet(home, net.plan, RestartPolicy(max_quick_ends=1)).plan == net.plan
