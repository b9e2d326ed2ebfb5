"""A second process with a validator's key, as after a careless move: it signs what the first one signs otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from typing import NamedTuple

from node.cometbft.home import GENESIS, VALIDATOR_KEY, Home
from node.cometbft.settings import Settings, Wiring
from node.localnet.localnet import Localnet
from node.localnet.ports import LOOPBACK, free_ports
from node.localnet.unit import DEFAULT_POLICY
from node.localnet.wiring import validator_unit
from node.toolchain import binary
from tests.partitions.network import Network, all_links

TWIN, TWINS_PEER = 3, 1
TWIN_LINKS = frozenset({(0, 1), (0, 2), (1, 2), (0, TWIN)})
DUPLICATE_VOTE = "tendermint/DuplicateVoteEvidence"


class Misbehaviour(NamedTuple):
    """Two votes of one validator for one round, as found in a block."""

    in_block: int
    height: int
    validator: bytes


@contextlib.asynccontextmanager
async def twin_of_the_last(network: Network, settings: Settings) -> AsyncIterator[None]:
    """Run a twin of validator 3, each of the two with another validator as its only peer, while the context lasts.

    So both come to propose before they hear of each other's proposal, and vote for their own; and validator 2 hears
    of both votes.
    """
    net = network.net
    original, member = net.plan.validators[TWIN], net.plan.validators[TWINS_PEER]
    folder = net.home / "twin"
    home = Home.create(folder)
    for file in (VALIDATOR_KEY, GENESIS):
        shutil.copy(net.home / original.name / file, folder / file)
    rpc_port, p2p_port = free_ports(2)
    peers = (f"{member.node_id}@{LOOPBACK}:{member.p2p_port}",)
    home.write_config(settings, Wiring("twin", net.plan.application.proxy_app, rpc_port, p2p_port, peers))
    plan = original.model_copy(update={"name": "twin", "rpc_port": rpc_port, "p2p_port": p2p_port})
    cometbft = await asyncio.to_thread(binary, version=net.plan.cometbft_version)
    unit = validator_unit(net.home, net.plan, plan, cometbft, DEFAULT_POLICY, lambda: None)
    network.allow(TWIN_LINKS)
    unit.start()
    try:
        yield
    finally:
        await unit.stop()
        network.allow(all_links(len(net.plan.validators)))


async def first_misbehaviour(net: Localnet, from_height: int) -> Misbehaviour:
    """Read block after block until one holds evidence of a duplicate vote."""
    height = from_height
    while True:
        if (await net.rpc(0).status()).height < height:
            await asyncio.sleep(0.05)
            continue
        block = (await net.rpc(0).call("block", height=str(height)))["block"]
        for evidence in block["evidence"]["evidence"] or ():
            if evidence["type"] == DUPLICATE_VOTE:
                vote = evidence["value"]["vote_a"]
                return Misbehaviour(height, int(vote["height"]), bytes.fromhex(vote["validator_address"]))
        height += 1
