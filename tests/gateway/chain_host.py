"""A chain of one real validator in a thread of its own, which tests share."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from clients.common.wallet import Wallet
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet

T = TypeVar("T")

CHAIN_ID = "gateway-test"
ACCOUNTS = 120
BALANCE_NEUR = 1_000_000
# A block every fifth of a second: fast, and slow enough to be between two blocks on purpose.
COMMIT_MS = 150
DEADLINE_SECONDS = 60.0


class ChainHost:
    """The chain's RPC address, funded wallets that nobody has used, and means to break the node."""

    def __init__(self, net: Localnet, loop: asyncio.AbstractEventLoop) -> None:
        self.url = net.plan.validators[0].rpc_url
        self._net = net
        self._loop = loop
        self._unused = itertools.count(1)

    def wallet(self) -> Wallet:
        """The next wallet, with BALANCE_NEUR and no transaction so far."""
        return wallet(next(self._unused))

    @property
    def genesis_file(self) -> Path:
        """The chain's genesis.json."""
        return self._net.genesis_file

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_SECONDS)

    def restart_node(self) -> None:
        """Kill CometBFT; its supervisor brings validator and application back."""
        self._run(self._net.kill(0, "cometbft"))

    def stop_node(self) -> None:
        """Stop the validator."""
        self._run(self._net.stop("validator0"))

    def start_node(self) -> None:
        """Start it again."""
        self._loop.call_soon_threadsafe(self._net.start, "validator0")


def wallet(number: int) -> Wallet:
    return Wallet.from_seed(number.to_bytes(32, "big"))


def genesis() -> dict[str, Any]:
    wallets = [wallet(number) for number in range(ACCOUNTS)]
    accounts = [{"public_key": one.public_key.hex(), "roles": ["household"]} for one in wallets]
    balances = [{"account": one.address.hex(), "amount_neur": BALANCE_NEUR} for one in wallets]
    return {"accounts": {"accounts": accounts}, "ledger": {"balances": balances}}


@contextmanager
def hosted_chain() -> Iterator[ChainHost]:
    """Run a chain while the context lasts."""
    started: list[ChainHost] = []
    failed: list[BaseException] = []
    ready, end = threading.Event(), threading.Event()

    async def host(folder: Path) -> None:
        settings = Settings(timeout_commit_ms=COMMIT_MS)
        net = Localnet.create(folder / "net", chain_id=CHAIN_ID, validators=1, settings=settings)
        net.write_genesis(genesis())
        async with net:
            await net.up()
            started.append(ChainHost(net, asyncio.get_running_loop()))
            ready.set()
            await asyncio.to_thread(end.wait)

    def run(folder: Path) -> None:
        try:
            asyncio.run(host(folder))
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()

    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as folder:
        thread = threading.Thread(target=run, args=(Path(folder),))
        thread.start()
        try:
            ready.wait()
            if failed:
                raise failed[0]
            yield started[0]
        finally:
            end.set()
            thread.join(DEADLINE_SECONDS)
