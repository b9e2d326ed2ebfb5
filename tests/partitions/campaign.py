"""Partitions, bad lines and slow validators on real packets: `make partitions`, which says what it found as a table.

Run as `unshare --user --map-root-user --net -- python -m tests.partitions.campaign`; no root is needed where the
kernel lets users make namespaces. With `--seconds N` it goes on with faults by chance for so long (`make soak`).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import tempfile
import time
from pathlib import Path

from node.cometbft.settings import Settings
from tests.partitions.clients import clients_of
from tests.partitions.namespaced import VALIDATORS, NamespacedNetwork, namespaced_network, run
from tests.partitions.network import all_links, links_within
from tests.partitions.payments import genesis
from tests.partitions.relayed import relayed_network
from tests.partitions.scenario import Scenarios
from tests.partitions.steps import assert_one_chain, caught_up, heights
from tests.partitions.twin import first_misbehaviour, twin_of_the_last

# What `make run` uses at five seconds a slot.
SETTINGS = Settings(timeout_commit_ms=500, create_empty_blocks_interval_ms=1000, log_level="error")
# One gateway prefers the validator that is cut off and knows the others; one knows nobody else; one only the others.
GATEWAYS = ((3, 0, 1, 2), (3,), (0, 1, 2))
STALL_SECONDS = 2.0


async def on_packets(folder: Path) -> None:
    """Every fault in turn, on one network in namespaces."""
    print("\nLines that fall silent, between network namespaces:\n")
    async with namespaced_network(folder / "net", "packets", genesis(4), SETTINGS) as network:
        async with clients_of(network.net, GATEWAYS, stall_seconds=STALL_SECONDS) as clients:
            scenarios = Scenarios(network, clients)
            await scenarios.nothing_wrong(seconds=20)
            await scenarios.one_cut_off(seconds=10)
            await scenarios.one_cut_off(seconds=120)
            await scenarios.two_and_two(seconds=10)
            await scenarios.two_and_two(seconds=30)
            await scenarios.two_and_two(seconds=120)
            await scenarios.lossy(share=0.3, seconds=60)
            await scenarios.far_away(delay_seconds=0.3, seconds=30)
            await scenarios.slow_machine(share=0.1, seconds=30)
            await caught_up(network.net)
        print(f"\none chain at {await assert_one_chain(network.net)} heights; every stream and payment was checked")


async def on_relays(folder: Path) -> None:
    """What `make test` does, for its figures: here connections are closed, not silenced."""
    print("Lines whose connections are closed, through relays (block pause 100 ms):\n")
    async with relayed_network(folder / "net", "relays", genesis(4)) as network:
        async with clients_of(network.net, GATEWAYS, stall_seconds=STALL_SECONDS) as clients:
            scenarios = Scenarios(network, clients)
            await scenarios.one_cut_off(seconds=10)
            await scenarios.two_and_two(seconds=10)
            height = max(await heights(network.net))
            async with twin_of_the_last(network, SETTINGS):
                started_s = time.monotonic()
                await first_misbehaviour(network.net, height)
                print(f"\na twin that starts is reported in a block {time.monotonic() - started_s:.1f} s later")
            await caught_up(network.net)
        await assert_one_chain(network.net)


async def by_chance(folder: Path, seed: int, seconds: float) -> None:
    """Random splits, losses and delays, one after the other, until the time is over."""
    chance = random.Random(seed)
    async with namespaced_network(folder / "net", "chance", genesis(4), SETTINGS) as network:
        async with clients_of(network.net, GATEWAYS, stall_seconds=STALL_SECONDS):
            ends_s, done = time.monotonic() + seconds, 0
            while time.monotonic() < ends_s:
                await fault_by_chance(network, chance)
                done += 1
            network.allow(all_links(VALIDATORS))
            await caught_up(network.net)
        compared = await assert_one_chain(network.net)
    print(f"seed {seed}: {done} faults, one chain at {compared} heights; every stream and payment was checked")


async def fault_by_chance(network: NamespacedNetwork, chance: random.Random) -> None:
    """A split into two random groups, or lines of random quality, for some seconds."""
    if chance.random() < 0.5:
        side = [index for index in range(VALIDATORS) if chance.random() < 0.5]
        network.allow(links_within(side, [index for index in range(VALIDATORS) if index not in side]))
    else:
        network.shape_by_chance(chance)
    await asyncio.sleep(chance.uniform(0.5, 8.0))


def main() -> None:
    """The campaign; what does not hold ends it with an exception."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="faults by chance for so long instead of each in turn")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    arguments = parser.parse_args()
    # That gateways change nodes is what is wanted here.
    logging.getLogger("node.gateway").setLevel(logging.ERROR)
    # A new namespace's own loopback device is off.
    asyncio.run(run("ip", "link", "set", "dev", "lo", "up"))
    with tempfile.TemporaryDirectory(prefix="part", dir="/tmp") as folder:
        if arguments.seconds:
            print(f"seed {arguments.seed}", flush=True)
            asyncio.run(by_chance(Path(folder), arguments.seed, arguments.seconds))
            return
        for number, part in enumerate((on_relays, on_packets)):
            asyncio.run(part(Path(folder) / str(number)))


if __name__ == "__main__":
    main()
