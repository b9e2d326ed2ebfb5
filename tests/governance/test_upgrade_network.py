"""An upgrade on a real chain: the old software halts at its height, the new one migrates the state and goes on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from abci_app.app import App
from abci_app.state.store import MemoryStore
from abci_app.upgrade import WrongSoftware
from node.history.home_source import HomeSource
from node.localnet.localnet import Localnet
from node.localnet.plan import SOCKET, Application
from node.localnet.unit import UnitState
from node.replay.replay import replay
from node.validator import ValidatorApplication
from tests.governance import next_version
from tests.governance.network import DEADLINE_SECONDS, Operators, eventually, new_network
from wire.chain import GetParametersRequest, GetParametersResponse, UpgradePlan
from wire.codec import decode, encode
from wire.governance import Change

pytestmark = [pytest.mark.network, pytest.mark.timeout(240)]

OLD = ("-m", "node.validator")
NEW = (next_version.__file__,)


async def started_on(home: Path, software: tuple[str, ...]) -> tuple[int | None, str]:
    """The exit code and the log of an application that is started on a validator's folder and ends by itself."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *software, "--home", str(home)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        log, _ = await process.communicate()
    return process.returncode, log.decode()


def with_new_software(home: Path) -> Localnet:
    """The network in a folder with version 2 as its application."""
    application = Application.of_command("{python}", *NEW, "--home", "{home}", "--address", f"unix://{SOCKET}")
    Localnet.open(home).plan.model_copy(update={"application": application}).save(home)
    return Localnet.open(home)


async def first_halted(net: Localnet) -> str:
    """The validator that halts first. Another one may wait for votes that this one did not pass on any more."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            for validator in net.plan.validators:
                if net.unit(validator.name).state is UnitState.HALTED:
                    return validator.name
            await asyncio.sleep(0.1)


async def version_in_header(net: Localnet, height: int) -> int:
    commit = await eventually(lambda: net.rpc(0).commit(height))
    return int(commit["signed_header"]["header"]["version"]["app"])


async def test_old_software_halts_at_the_height_and_new_software_migrates_and_goes_on(folder: Path) -> None:
    home = folder / "net"
    async with new_network(home, validators=2) as net:
        await net.up()
        # Without the other half of the power the chain rests, so that nothing is decided meanwhile.
        await net.stop("validator1")
        code, log = await started_on(home / "validator1", NEW)
        assert code == 78
        assert "runs version 1, and this is version 2: start version 1 on the same folder" in log
        net.start("validator1")
        await net.wait_for_height((await eventually(net.rpc(0).status)).height + 1)

        height = (await net.rpc(0).status()).height + 40
        decided = await Operators(net).decide(Change(plan_upgrade=UpgradePlan(2, height)))
        assert decided < height
        name = await first_halted(net)
        assert "ended with exit code 78 (the next block needs another version" in net.unit(name).last_end
        # Once where CometBFT ended first, so that the application was asked to end before it had by itself.
        assert net.unit(name).restarts <= 1
        log = (home / "log" / f"{name}.app.log").read_text()
        assert "start version 2 on the same folder" in log.splitlines()[-1]

    code, log = await started_on(home / name, OLD)
    assert code == 78
    assert f"height {height - 1} is committed, nothing was done of {height}" in log

    async with with_new_software(home) as net:
        await net.up()
        await net.wait_for_height(height + 3)
        assert [await version_in_header(net, height + step) for step in (-1, 0, 1, 2)] == [1, 1, 2, 2]
        answer = await net.rpc(0).abci_query("/chain/GetParameters", encode(GetParametersRequest()))
        found = decode(GetParametersResponse, answer.value)
        assert found.parameters is not None
        assert (found.parameters.app_version, found.upgrade) == (2, None)
        assert found.parameters.max_expiry_s == next_version.NEW_MAX_EXPIRY_S
        await Operators(net, first_nonce=100).decide(Change(plan_upgrade=UpgradePlan(3, height + 10_000)))

    with HomeSource(home / "validator0") as source:
        replayed = await replay(source, ValidatorApplication(App(MemoryStore())))
        assert (replayed.height, replayed.needed_version, replayed.difference) == (height - 1, 2, None)
        new = ValidatorApplication(App(MemoryStore(), software=next_version.NEXT_SOFTWARE))
        with pytest.raises(WrongSoftware, match="the chain began with version 1"):
            await replay(source, new)
