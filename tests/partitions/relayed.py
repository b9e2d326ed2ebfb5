"""Four validators that reach each other through TCP relays alone: partitions without any privilege."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from node.cometbft.home import Home
from node.cometbft.settings import Settings, Wiring
from node.localnet.localnet import Localnet
from tests.gateway.relay import Relay
from tests.partitions.network import Link

VALIDATORS = 4
# Peers that tell each other's true addresses would go round the relays.
SETTINGS = Settings(timeout_commit_ms=100, overrides={"p2p": {"pex": False}})


class RelayedNetwork:
    """A localnet and, for every validator and each peer that it dials, a relay. TCP closes when a way is shut."""

    def __init__(self, net: Localnet, relays: Mapping[Link, Relay]) -> None:
        self.net = net
        self._relays = relays

    def allow(self, links: frozenset[Link]) -> None:
        """Let these ways be open and all others shut."""
        for (dialling, dialled), relay in self._relays.items():
            is_open = (min(dialling, dialled), max(dialling, dialled)) in links
            relay.refuse(not is_open)
            if not is_open:
                relay.cut()


@contextlib.asynccontextmanager
async def relayed_network(home: Path, chain_id: str, app_state: Mapping[str, Any]) -> AsyncIterator[RelayedNetwork]:
    """Such a network, up, while the context lasts."""
    net = Localnet.create(home, chain_id=chain_id, validators=VALIDATORS, settings=SETTINGS)
    net.write_genesis(app_state)
    async with contextlib.AsyncExitStack() as stack:
        relays: dict[Link, Relay] = {}
        for dialling, own in enumerate(net.plan.validators):
            peers = []
            for dialled, peer in enumerate(net.plan.validators):
                if dialled != dialling:
                    relay = await stack.enter_async_context(Relay(f"tcp://127.0.0.1:{peer.p2p_port}"))
                    relays[dialling, dialled] = relay
                    peers.append(f"{peer.node_id}@{urlsplit(relay.url).netloc}")
            wiring = Wiring(own.name, net.plan.application.proxy_app, own.rpc_port, own.p2p_port, tuple(peers))
            Home.open(net.home / own.name).write_config(SETTINGS, wiring)
        await stack.enter_async_context(net)
        await net.up()
        yield RelayedNetwork(net, relays)
