"""Four validators, each in a network namespace of its own, behind one switch: packets get lost as on real lines.

Needs a namespace in which this process may make devices: root, or `unshare --user --map-root-user --net`; and the
commands `ip` (iproute2), `unshare` and `nsenter` (util-linux).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from node.cometbft.home import Home
from node.cometbft.settings import Settings, Wiring
from node.localnet.localnet import Localnet
from tests.partitions.network import Link, all_links
from tests.partitions.switch import SHUT, Switch, Way, address_of

VALIDATORS = 4
# The observers' port: gateways and this process ask the validators over it, and it always works.
OBSERVER = VALIDATORS
RPC_PORT, P2P_PORT = 26657, 26656


def ip_of(port: int) -> str:
    """A port's address in the one subnet there is."""
    return f"10.91.0.{port + 1}"


class NamespacedNetwork:
    """A localnet behind a switch. A way that is shut swallows what is sent: TCP does not learn of it."""

    def __init__(self, net: Localnet, switch: Switch) -> None:
        self.net = net
        self.switch = switch

    def allow(self, links: frozenset[Link]) -> None:
        """Let these ways be open and all others shut."""
        self.shape(dict.fromkeys(all_links(VALIDATORS) - links, SHUT))

    def shape(self, links: Mapping[Link, Way]) -> None:
        """How packets fare between validators, both ways alike; well where nothing is said."""
        self.switch.set_ways({way: shape for (a, b), shape in links.items() for way in ((a, b), (b, a))})

    def shape_by_chance(self, chance: random.Random) -> None:
        """Each way between two validators loses up to half of its packets, or delays them by up to 0.4 s."""
        qualities = {
            link: Way(lost=chance.uniform(0, 0.5))
            if chance.random() < 0.5
            else Way(delay_seconds=chance.uniform(0, 0.4))
            for link in sorted(all_links(VALIDATORS))
        }
        self.shape(qualities)


async def run(*command: str) -> None:
    """Run a command to its end.

    Raises:
        OSError: it is not there or failed; with what it said.
    """
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    if process.returncode:
        raise OSError(f"{' '.join(command)}: {said.decode().strip()}")


@contextlib.asynccontextmanager
async def namespace() -> AsyncIterator[int]:
    """The process that holds a new network namespace open while the context lasts."""
    holder = await asyncio.create_subprocess_exec("unshare", "--net", "sleep", "infinity")
    try:
        # It is `sleep` only after `unshare` has made the namespace.
        async with asyncio.timeout(60):
            while Path(f"/proc/{holder.pid}/comm").read_text().strip() != "sleep":
                await asyncio.sleep(0.01)
        yield holder.pid
    finally:
        holder.kill()
        await holder.wait()


def inside(holder: int) -> tuple[str, ...]:
    """What goes before a command that is to run in a namespace."""
    return ("nsenter", f"--net=/proc/{holder}/ns/net")


async def set_up_port(port: int, name: str, *prefix: str) -> None:
    """Give a port its addresses and switch it on, in the namespace that it is in."""
    await run(*prefix, "ip", "address", "add", f"{ip_of(port)}/24", "dev", name)
    await run(*prefix, "ip", "link", "set", "dev", name, "address", address_of(port).hex(":"), "up")


@contextlib.asynccontextmanager
async def namespaced_network(
    home: Path, chain_id: str, app_state: Mapping[str, Any], settings: Settings
) -> AsyncIterator[NamespacedNetwork]:
    """Such a network, up, while the context lasts.

    Raises:
        OSError: this process may not make devices here, or a command is missing.
    """
    net = Localnet.create(home, chain_id=chain_id, validators=VALIDATORS, settings=settings)
    net.write_genesis(app_state)
    names = [f"vdg{port}" for port in range(VALIDATORS + 1)]
    async with contextlib.AsyncExitStack() as stack:
        holders = [await stack.enter_async_context(namespace()) for _ in range(VALIDATORS)]
        switch = Switch(names)
        stack.callback(switch.close)
        for port, holder in enumerate(holders):
            await run("ip", "link", "set", "dev", names[port], "netns", str(holder))
            await set_up_port(port, names[port], *inside(holder))
        await set_up_port(OBSERVER, names[OBSERVER])
        switch.listen()
        members = [
            plan.model_copy(
                update={"host": ip_of(index), "rpc_port": RPC_PORT, "p2p_port": P2P_PORT, "prefix": inside(holder)}
            )
            for index, (plan, holder) in enumerate(zip(net.plan.validators, holders, strict=True))
        ]
        for own in members:
            peers = tuple(f"{peer.node_id}@{peer.host}:{P2P_PORT}" for peer in members if peer is not own)
            wiring = Wiring(own.name, net.plan.application.proxy_app, RPC_PORT, P2P_PORT, peers, host=own.host)
            Home.open(net.home / own.name).write_config(settings, wiring)
        net.plan = net.plan.model_copy(update={"validators": tuple(members)})
        await stack.enter_async_context(net)
        await net.up()
        yield NamespacedNetwork(net, switch)
