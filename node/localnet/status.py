"""How a localnet is doing, asked from outside."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from node.cometbft.responses import Status
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import RpcError
from node.localnet.plan import Model, Plan, ValidatorPlan
from node.localnet.runstate import RunState, UnitReport, read_running
from node.localnet.unit import UnitState

ASK_SECONDS: Final = 3.0


class ValidatorStatus(Model):
    """A validator; what its CometBFT says is None when it does not answer, and `problem` tells why.

    `app_hash` (hex) is the one in the header of block `height`: the state after the block before it.
    """

    name: str
    state: UnitState
    restarts: int
    last_end: str
    processes: dict[str, int]
    rpc_url: str
    p2p_port: int
    node_id: str
    address: str
    height: int | None = None
    app_hash: str | None = None
    catching_up: bool | None = None
    peers: int | None = None
    problem: str | None = None


class LocalnetStatus(Model):
    """A localnet: `phase` is "down" when nobody supervises it."""

    home: str
    chain_id: str
    cometbft_version: str
    phase: str
    supervisor_pid: int | None
    validators: tuple[ValidatorStatus, ...]
    services: tuple[UnitReport, ...]


async def read_status(home: Path) -> LocalnetStatus:
    """The status of the localnet in `home`, whether it runs or not.

    Raises:
        LocalnetError: there is none, or its files are broken.
    """
    home = home.resolve()
    plan = Plan.load(home)
    state = read_running(home)
    return LocalnetStatus(
        home=str(home),
        chain_id=plan.chain_id,
        cometbft_version=plan.cometbft_version,
        phase=state.phase if state else "down",
        supervisor_pid=state.supervisor_pid if state else None,
        validators=tuple(await asyncio.gather(*(ask(validator, state) for validator in plan.validators))),
        services=tuple(report_of(state, service.name) for service in plan.services),
    )


def report_of(state: RunState | None, name: str) -> UnitReport:
    """What the supervisor says about a unit; stopped when it says nothing."""
    report = state.unit(name) if state else None
    return report or UnitReport(name=name, state=UnitState.STOPPED, restarts=0, last_end="", processes={})


async def ask(validator: ValidatorPlan, state: RunState | None) -> ValidatorStatus:
    """One validator's status."""
    report = report_of(state, validator.name)
    known = ValidatorStatus(
        **report.model_dump(),
        rpc_url=validator.rpc_url,
        p2p_port=validator.p2p_port,
        node_id=validator.node_id,
        address=validator.address,
    )
    if not report.processes:
        return known
    async with RpcClient(validator.rpc_url, timeout_seconds=ASK_SECONDS) as rpc:
        try:
            status, peers = await asyncio.gather(rpc.status(), rpc.net_info())
        except RpcError as error:
            return known.model_copy(update={"problem": str(error)})
    return known.model_copy(update=describe(status) | {"peers": len(peers)})


def describe(status: Status) -> dict[str, object]:
    """The part of a node's answer that is shown."""
    return {
        "height": status.height,
        "app_hash": status.app_hash.hex(),
        "catching_up": status.catching_up,
    }
