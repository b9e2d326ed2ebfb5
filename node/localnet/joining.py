"""A node that joins a running chain: what it must know of the chain, and its home."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from node.cometbft.home import Home
from node.cometbft.rpc import RpcClient
from node.cometbft.settings import Settings, Wiring
from node.localnet.errors import LocalnetError
from node.localnet.plan import FILE, VDG, Application, Plan, ValidatorPlan
from node.localnet.ports import free_ports
from wire.go_json import Json

NAME: Final = "node"
# State sync takes as long as the state is large.
UP_SECONDS: Final = 3600.0
# How long CometBFT's light client believes in the trusted header. Below the time for which validators can be charged
# with signing twice (`ConsensusParams`).
_TRUST_SECONDS: Final = 40 * 3600
# Below the newest snapshot, since a light client verifies forwards in few steps, and backwards block by block.
_TRUST_BLOCKS_BACK: Final = 2_500
# CometBFT's lower bound; on few and near peers there is nothing to wait longer for.
_DISCOVERY: Final = "5s"


class Trust(NamedTuple):
    """A block that is taken for granted: its height and hash."""

    height: int
    hash: bytes


class Chain(NamedTuple):
    """A running chain as some of its nodes describe it. `peers` are "nodeid@host:port"."""

    chain_id: str
    genesis: Json
    rpc_urls: tuple[str, ...]
    peers: tuple[str, ...]
    trust: Trust


async def look_up(rpc_urls: Sequence[str], trust: Trust | None = None) -> Chain:
    """Ask two or more nodes for their chain; all must tell the same.

    Args:
        trust: what the operator knows from elsewhere; a block that all nodes name by default.

    Raises:
        LocalnetError: they don't agree, or not with `trust`.
        RpcError: one does not answer.
    """
    if len(set(rpc_urls)) < 2:
        raise LocalnetError("state sync needs two nodes, so that one can't deceive: give --from twice")
    async with _clients(rpc_urls) as nodes:
        found = await asyncio.gather(*(node.status() for node in nodes))
        geneses = await asyncio.gather(*(_genesis(node) for node in nodes))
        if any(genesis != geneses[0] for genesis in geneses):
            raise LocalnetError(f"the nodes {', '.join(rpc_urls)} have different geneses: one is of another chain")
        trust = trust or await _recent(nodes[0], min(status.height for status in found))
        for node in nodes:
            named = (await node.block(trust.height)).hash
            if named != trust.hash:
                raise LocalnetError(
                    f"block {trust.height} of {node.url} has hash {named.hex()}, not {trust.hash.hex()}: "
                    "find out from somebody you know which is right, and leave the other node out"
                )
        peers = [f"{status.node_id}@{await _p2p_address(node)}" for node, status in zip(nodes, found, strict=True)]
    return Chain(found[0].chain_id, geneses[0], tuple(rpc_urls), tuple(peers), trust)


def make_joining(home: Path, chain: Chain, *, application: Application = VDG, settings: Settings | None = None) -> Plan:
    """Make the home of a node that begins by state sync; raises as `make_follower`, which tells the rest."""
    settings = settings or Settings()
    overrides = {**settings.overrides, "statesync": statesync_section(chain)}
    return make_follower(
        home, chain.genesis, chain.peers, application=application, settings=replace(settings, overrides=overrides)
    )


def make_follower(
    home: Path,
    genesis: Json,
    peers: Sequence[str],
    *,
    application: Application = VDG,
    settings: Settings | None = None,
) -> Plan:
    """Make the home of a node without power: keys of its own, settings, genesis and plan.

    Raises:
        LocalnetError: there is a node in `home` already, or ports are short.
        HomeError: a validator's key is there already.
    """
    if (home / FILE).exists():
        raise LocalnetError(f"there is a node in {home} already: `vdg localnet up --home {home}` starts it")
    node = Home.create(home / NAME)
    rpc_port, p2p_port = free_ports(2)
    wiring = Wiring(NAME, application.proxy_app, rpc_port, p2p_port, tuple(peers))
    node.write_config(settings or Settings(), wiring)
    node.write_genesis(genesis)
    plan = Plan(
        chain_id=genesis["chain_id"],
        application=application,
        up_seconds=UP_SECONDS,
        validators=(
            ValidatorPlan(
                name=NAME,
                rpc_port=rpc_port,
                p2p_port=p2p_port,
                node_id=node.node_id,
                address=node.validator_key.address.hex(),
                public_key=node.validator_key.public_key.hex(),
                power=0,
            ),
        ),
    )
    plan.save(home)
    return plan


def statesync_section(chain: Chain) -> dict[str, Any]:
    """The settings with which a node that has no block begins by state sync."""
    return {
        "enable": True,
        "rpc_servers": ",".join(chain.rpc_urls),
        "trust_height": chain.trust.height,
        "trust_hash": chain.trust.hash.hex().upper(),
        "trust_period": f"{_TRUST_SECONDS}s",
        "discovery_time": _DISCOVERY,
    }


@asynccontextmanager
async def _clients(rpc_urls: Sequence[str]) -> AsyncIterator[list[RpcClient]]:
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(RpcClient(url)) for url in rpc_urls]


async def _recent(node: RpcClient, height: int) -> Trust:
    """A block some way back that is not pruned soon, or the one at `height` when that is too old to be trusted."""
    earliest = (await node.status()).earliest_height
    block = await node.block(max((earliest + height) // 2, height - _TRUST_BLOCKS_BACK))
    if block.time_ns < time.time_ns() - _TRUST_SECONDS * 10**9 // 2:
        block = await node.block(height)
    return Trust(block.height, block.hash)


async def _genesis(node: RpcClient) -> Json:
    """The genesis document, which may be too large for one answer."""
    parts: list[bytes] = []
    total = 1
    while len(parts) < total:
        answer = await node.call("genesis_chunked", chunk=str(len(parts)))
        total = int(answer["total"])
        parts.append(base64.b64decode(answer["data"]))
    genesis: Json = json.loads(b"".join(parts))
    return genesis


async def _p2p_address(node: RpcClient) -> str:
    """Where a node takes peers: what it listens on, or where it was asked if it listens everywhere."""
    listening = urlsplit((await node.call("status"))["node_info"]["listen_addr"])
    asked = urlsplit(node.url).hostname
    host = asked if listening.hostname in (None, "0.0.0.0", "::") else listening.hostname  # noqa: S104 - compared only
    return f"{host}:{listening.port}"
