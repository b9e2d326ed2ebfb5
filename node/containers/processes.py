"""The processes of containers: a validator, which is two, and services, which are one each."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from pathlib import Path
from typing import NoReturn

from node.containers.description import ROOT, ServiceFile
from node.localnet.plan import SOCKET, Plan, fill_in
from node.localnet.unit import DEFAULT_POLICY, Unit, UnitState
from node.localnet.wiring import validator_unit
from node.toolchain import binary

# What the engine collects.
STDOUT = Path("/dev/stdout")


async def run_validator(name: str) -> int:
    """Run application and CometBFT until a signal, both again whenever one of them ends.

    Returns the exit code: 1 when they do not stay up, so that the engine starts the container again.

    Raises: LocalnetError when the volume holds no validator of that name.
    """
    plan = Plan.load(ROOT / name)
    validator = next(one for one in plan.validators if one.name == name)
    changed = asyncio.Event()
    planned = validator_unit(ROOT, plan, validator, binary(version=plan.cometbft_version), DEFAULT_POLICY, changed.set)
    commands = tuple(dataclasses.replace(command, log=STDOUT) for command in planned.commands)
    unit = Unit(name, commands, leftovers=(ROOT / name / SOCKET,), on_change=changed.set)
    ended = asyncio.Event()

    def end() -> None:
        ended.set()
        changed.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    unit.start()
    while unit.state is not UnitState.FAILED and not ended.is_set():
        await changed.wait()
        changed.clear()
    await unit.stop()
    return 0 if ended.is_set() else 1


def become_service(name: str) -> NoReturn:
    """Turn into a service's process.

    Raises: OSError when the volume is empty or the command is missing.
    """
    service = ServiceFile.model_validate_json(ServiceFile.path(name).read_bytes()).service
    command = [fill_in(part, {}) for part in service.command]
    os.execvpe(command[0], command, os.environ | service.environment)  # noqa: S606 - no shell is the point
