"""Clients at work while the network breaks: payers and witnesses, each through a gateway of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from clients.common.chain import Chain
from node.localnet.localnet import Localnet
from tests.gateway.serving import gateway
from tests.partitions.payments import Payer, wallet
from tests.partitions.steps import DEADLINE_SECONDS, until
from tests.partitions.witness import ResultKey, Witness, told_by


@dataclass
class Client:
    """One payer and one witness behind a gateway that knows some of the validators."""

    payer: Payer
    witness: Witness = field(default_factory=Witness)


class Clients:
    """All of them; `check` holds what they saw against what the validators have."""

    def __init__(self, net: Localnet, clients: Sequence[Client], stop: asyncio.Event) -> None:
        self._net = net
        self._clients = clients
        self._stop = stop
        self.started_s = time.monotonic()

    def __getitem__(self, index: int) -> Client:
        return self._clients[index]

    async def check(self, payers: Sequence[asyncio.Task[None]]) -> None:
        """Stop paying and compare: every stream is the chain, and every payment that was confirmed is in it once.

        Raises:
            AssertionError: something is not so.
        """
        self._stop.set()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*payers)
        target = (await self._net.rpc(0).status()).height
        events, results = await told_by(self._net.rpc(0), target)
        for client in self._clients:
            await _seen(client.witness, target, results[-1:])
        for client in self._clients:
            witness = client.witness
            if [event for event in witness.events if event[0] <= target] != events:
                raise AssertionError(f"a stream's events up to block {target} are not the chain's")
            if [result for result in witness.results if result[0] <= target] != results:
                raise AssertionError(f"a stream's results up to block {target} are not the chain's")
            paid = witness.payments_of(client.payer.sender.address)
            if sorted(paid) != client.payer.paid or not paid:
                raise AssertionError(f"{client.payer.paid} nEUR were confirmed, and {paid} are in blocks")


async def _seen(witness: Witness, height: int, last_result: Sequence[ResultKey]) -> None:
    """Until both streams have come so far; what comes too often or not at all is found by comparing."""

    async def is_there() -> bool:
        return witness.height >= height and witness.results[-1:] >= list(last_result)

    await until(is_there, f"a witness sees block {height}")


@contextlib.asynccontextmanager
async def clients_of(
    net: Localnet, gateways: Sequence[Sequence[int]], *, stall_seconds: float
) -> AsyncIterator[Clients]:
    """A client for each gateway, given as the validators that it knows, at work while the context lasts.

    At its end, unless something failed, all streams and payments are checked.
    """
    stop = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        found: list[tuple[Client, Chain]] = []
        for number, nodes in enumerate(gateways):
            urls = [net.plan.validators[index].rpc_url for index in nodes]
            _, address = await stack.enter_async_context(gateway(*urls, stall_seconds=stall_seconds))
            chain = await stack.enter_async_context(await Chain.open(address))
            found.append((Client(Payer(wallet(number + 1), wallet(0))), chain))
        clients = Clients(net, [client for client, _ in found], stop)
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(client.witness.watch(chain)) for client, chain in found]
            paying = [group.create_task(client.payer.pay(chain, stop)) for client, chain in found]
            yield clients
            await clients.check(paying)
            for task in watching:
                task.cancel()
