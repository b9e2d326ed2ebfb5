"""The faults of the campaign, one after the other, and a line of figures for each."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable

from node.run.report import quantiles
from tests.partitions.clients import Clients
from tests.partitions.namespaced import NamespacedNetwork
from tests.partitions.network import Network, all_links
from tests.partitions.steps import caught_up, cut_one_off, heights, split, until
from tests.partitions.switch import Way

LONELY = 3
# How long a slow machine's turn is: it works for its share of this and stands still for the rest.
TURN_SECONDS = 0.5
HEADINGS = ("what", "blocks a second", "payment, median", "payment, 95 %", "longest without a block", "resumed after")


class Scenarios:
    """Runs faults on a network with clients at work, and prints a line of a Markdown table for each."""

    def __init__(self, network: Network, clients: Clients) -> None:
        self._network = network
        self._net = network.net
        self._clients = clients
        print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|", flush=True)

    async def nothing_wrong(self, seconds: float) -> None:
        """The same clients on a good network."""
        async with self._line("nothing wrong"):
            await asyncio.sleep(seconds)

    async def one_cut_off(self, seconds: float) -> None:
        """One validator without peers; resumed when it has caught up."""
        async with self._line(f"one cut off for {seconds:g} s") as resumed:
            done = await cut_one_off(self._network, LONELY, seconds=seconds, blocks=3)
            resumed(done.caught_up_s)

    async def two_and_two(self, seconds: float) -> None:
        """No majority; resumed when there is a block again."""
        async with self._line(f"two and two for {seconds:g} s") as resumed:
            done = await split(self._network, [(0, 1), (2, 3)], seconds=seconds)
            resumed(done.resumed_s)

    async def lossy(self, share: float, seconds: float) -> None:
        """Every way between validators loses a share of its packets."""
        await self._shaped(f"{share:.0%} of packets lost for {seconds:g} s", Way(lost=share), seconds, None)

    async def far_away(self, delay_seconds: float, seconds: float) -> None:
        """The ways to one validator take long."""
        name = f"one with {delay_seconds * 1000:g} ms each way for {seconds:g} s"
        await self._shaped(name, Way(delay_seconds=delay_seconds), seconds, LONELY)

    async def _shaped(self, name: str, way: Way, seconds: float, only: int | None) -> None:
        if not isinstance(self._network, NamespacedNetwork):
            raise TypeError("only a switch can lose and delay packets")
        links = [link for link in all_links(len(self._net.plan.validators)) if only is None or only in link]
        async with self._line(name) as resumed:
            self._network.shape(dict.fromkeys(links, way))
            await asyncio.sleep(seconds)
            self._network.shape({})
            started_s = time.monotonic()
            await caught_up(self._net)
            resumed(time.monotonic() - started_s)

    async def slow_machine(self, share: float, seconds: float) -> None:
        """Application and CometBFT of one validator work for a share of the time only."""
        processes = list(self._net.unit(self._net.plan.validators[LONELY].name).processes.values())
        async with self._line(f"one that works {share:.0%} of the time for {seconds:g} s") as resumed:
            ends_s = time.monotonic() + seconds
            try:
                while time.monotonic() < ends_s:
                    for process in processes:
                        process.send(signal.SIGSTOP)
                    await asyncio.sleep(TURN_SECONDS * (1 - share))
                    for process in processes:
                        process.send(signal.SIGCONT)
                    await asyncio.sleep(TURN_SECONDS * share)
            finally:
                for process in processes:
                    process.send(signal.SIGCONT)
            started_s = time.monotonic()
            await caught_up(self._net)
            resumed(time.monotonic() - started_s)

    @contextlib.asynccontextmanager
    async def _line(self, name: str) -> AsyncIterator[Callable[[float], None]]:
        """Measure what happens inside, and print it; the figures are those of the client that knows all validators."""
        client = self._clients[0]
        resumed_s: list[float] = []
        started_s, height = time.monotonic(), max(await heights(self._net))
        yield resumed_s.append
        blocks_per_s = (max(await heights(self._net)) - height) / (time.monotonic() - started_s)
        # A payment that waited through the fault is confirmed after it.
        count = len(client.payer.paid)

        async def one_more() -> bool:
            return len(client.payer.paid) > count

        await until(one_more, "a payment is confirmed after the fault")
        delays = quantiles([delay_s for when_s, delay_s in client.payer.delays_s if when_s > started_s])
        silence_s = client.witness.longest_silence_s(started_s)
        resumed = f"{resumed_s[0]:.1f} s" if resumed_s else "-"
        cells = (name, f"{blocks_per_s:.2f}", f"{delays.p50:.2f} s", f"{delays.p95:.2f} s", f"{silence_s:.1f} s")
        print("| " + " | ".join((*cells, resumed)) + " |", flush=True)
