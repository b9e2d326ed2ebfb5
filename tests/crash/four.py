"""Four supervised validators, any of them killed at any time: application, CometBFT, both, or all four at once.

``python -m tests.crash.four [--kills N] [--seed N]`` prints a summary as JSON. Payments go to any validator and are
sent again, the same bytes, until they are in a block. At the end all four have the same blocks, every payment is in one
of them, and each application's store is, byte for byte, that of one that was never disturbed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from node.cometbft.rpc_errors import RpcError
from node.history.home_source import HomeSource
from node.localnet.errors import LocalnetError
from node.localnet.localnet import Localnet, Part
from node.localnet.unit import RestartPolicy
from tests.app import world
from tests.app.keyring import address
from tests.crash.undisturbed import check_store
from tests.snapshots.network import application, new_chain, payment
from wire.codec import decode, encode
from wire.ledger import GetBalanceRequest, GetBalanceResponse, account_holder

VALIDATORS = 4
LONGEST_PAUSE_SECONDS = 3.0
DEADLINE_SECONDS = 180.0
# Killed processes start again at once and are never given up.
PATIENT = RestartPolicy(first_pause_seconds=0.05, longest_pause_seconds=0.05, healthy_seconds=0.0)


class Campaign:
    """A network that is killed in parts."""

    def __init__(self, net: Localnet, seed: int) -> None:
        self.net = net
        self.kills: Counter[str] = Counter()
        self.payments: list[bytes] = []
        self._chance = random.Random(seed)

    async def kill_once(self) -> None:
        """Pay something, wait for a random while, kill something."""
        self.payments.append(payment(len(self.payments) + 1))
        await self.send(self.payments[-1])
        await asyncio.sleep(self._chance.uniform(0, LONGEST_PAUSE_SECONDS))
        what = self._chance.choice(("application", "cometbft", "both", "both of all four"))
        validators = range(VALIDATORS) if what == "both of all four" else [self._chance.randrange(VALIDATORS)]
        parts: list[Part] = [part for part in ("app", "cometbft") if what not in ("application", "cometbft")]
        parts = parts or ["app" if what == "application" else "cometbft"]
        await asyncio.gather(*(self._kill(index, part) for index in validators for part in parts))
        self.kills[what] += 1

    async def _kill(self, index: int, part: Part) -> None:
        # It may be between two lives.
        with suppress(LocalnetError):
            await self.net.kill(index, part)

    async def send(self, tx: bytes) -> None:
        """To any validator; one that is down, or knows it already, refuses."""
        with suppress(RpcError):
            await self.net.rpc(self._chance.randrange(VALIDATORS)).broadcast_tx_sync(tx)

    async def settle(self) -> None:
        """Send all again until the payee has everything. Raises: TimeoutError."""
        expected_neur = 100 * world.EUR + sum(range(1, len(self.payments) + 1))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self._balance_neur("bob") != expected_neur:
                for tx in self.payments:
                    await self.send(tx)
                await asyncio.sleep(0.5)
            await self.net.wait_for_height((await self.net.rpc(0).status()).height + 2)

    async def _balance_neur(self, name: str) -> int:
        request = encode(GetBalanceRequest(account_holder(address(name))))
        with suppress(RpcError):
            answer = await self.net.rpc(0).abci_query("/ledger/GetBalance", request)
            balance = decode(GetBalanceResponse, answer.value).balance
            return balance.free_neur if balance else 0
        return -1


async def blocks(home: Path) -> list[tuple[bytes, ...]]:
    """Every block's transactions."""
    with HomeSource(home) as source:
        return [(await source.block(height)).txs for height in range(1, (await source.span()).last + 1)]


async def run(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """The summary. Raises: ValueError for a loss, TimeoutError or LocalnetError when it does not come back."""
    made = new_chain(folder / "net", application("--reserve-mib", "0"), VALIDATORS)
    async with Localnet(made.home, made.plan, PATIENT) as net:
        await net.up()
        campaign = Campaign(net, seed)
        for _ in range(kills):
            await campaign.kill_once()
        await campaign.settle()
    homes = [made.home / validator.name for validator in made.plan.validators]
    chains = [await blocks(home) for home in homes]
    common = min(len(chain) for chain in chains)
    if any(chain[:common] != chains[0][:common] for chain in chains):
        raise ValueError("validators have different blocks")
    seen = Counter(tx for block in max(chains, key=len) for tx in block)
    if seen != Counter(campaign.payments):
        raise ValueError(f"payments are not in one block each: {seen - Counter(campaign.payments)}")
    for home in homes:
        await asyncio.to_thread(check_store, home)
    return {"kills": kills, "blocks": common, "transactions": len(seen), "kills_by_point": campaign.kills}


def main() -> None:
    """Run a campaign. An exception (exit code 1) is a loss or a network that did not come back."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vc") as folder:
        summary = asyncio.run(run(arguments.kills, arguments.seed, Path(folder)))
    print(json.dumps(summary | {"seconds": round(time.monotonic() - started)}))


if __name__ == "__main__":
    main()
