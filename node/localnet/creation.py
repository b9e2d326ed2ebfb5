"""Making a localnet: homes, keys, ports, settings and the genesis document."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from abci_app.migrations import VERSION
from node.cometbft.genesis import ConsensusParams, GenesisValidator, genesis_json
from node.cometbft.home import Home
from node.cometbft.settings import Settings, Wiring
from node.localnet.errors import LocalnetError
from node.localnet.plan import FILE, VDG, Application, Plan, ValidatorPlan
from node.localnet.ports import LOOPBACK, free_ports

DEFAULT_POWER: Final = 10


def make_plan(
    home: Path,
    *,
    chain_id: str,
    validators: int,
    application: Application,
    settings: Settings,
    powers: Sequence[int],
) -> Plan:
    """Make the validators' homes with fresh keys, ports and settings, and the plan that describes them.

    Raises:
        LocalnetError: there is a localnet already, a number makes no sense, or ports are short.
        HomeError: a validator's key is there already.
    """
    if (home / FILE).exists():
        raise LocalnetError(f"there is a localnet in {home} already: remove the folder, or choose another")
    powers = tuple(powers) or (DEFAULT_POWER,) * validators
    if validators < 1 or len(powers) != validators or min(powers) < 1:
        raise LocalnetError(
            f"{validators} validators with powers {list(powers)}: give at least one validator, "
            "and for each a power of 1 or more"
        )
    ports = free_ports(2 * validators)
    homes = [Home.create(home / f"validator{index}") for index in range(validators)]
    plans = tuple(
        ValidatorPlan(
            name=node.path.name,
            rpc_port=ports[2 * index],
            p2p_port=ports[2 * index + 1],
            node_id=node.node_id,
            address=node.validator_key.address.hex(),
            public_key=node.validator_key.public_key.hex(),
            power=powers[index],
        )
        for index, node in enumerate(homes)
    )
    for node, own in zip(homes, plans, strict=True):
        peers = tuple(f"{peer.node_id}@{LOOPBACK}:{peer.p2p_port}" for peer in plans if peer != own)
        wiring = Wiring(own.name, application.proxy_app, own.rpc_port, own.p2p_port, peers)
        node.write_config(settings, wiring)
    plan = Plan(chain_id=chain_id, application=application, validators=plans)
    plan.save(home)
    return plan


def write_genesis(
    home: Path, plan: Plan, app_state: Mapping[str, Any], *, genesis_time_ns: int | None, params: ConsensusParams | None
) -> None:
    """Write the same genesis document for every validator; its time, which is the first block's, is now by default.

    The parameters are, by default, CometBFT's with the version that the chain begins with, so that no later software
    takes its first blocks for its own.

    Raises:
        ValueError: when the chain id does not fit.
    """
    if params is None:
        params = ConsensusParams(app_version=VERSION) if plan.application == VDG else ConsensusParams()
    genesis = genesis_json(
        chain_id=plan.chain_id,
        genesis_time_ns=time.time_ns() if genesis_time_ns is None else genesis_time_ns,
        validators=[
            GenesisValidator(validator.name, bytes.fromhex(validator.public_key), validator.power)
            for validator in plan.validators
        ],
        app_state=app_state,
        params=params,
    )
    for validator in plan.validators:
        Home.open(home / validator.name).write_genesis(genesis)
