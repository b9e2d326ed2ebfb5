"""Snapshots and state sync of a large state, on real validators: ``python -m tests.bench.snapshots``.

Two validators begin with a million keys in their stores. Bars: a snapshot under 60 s, meanwhile a block interval under
1.5 times the one before, and a node that joins by state sync under 60 s from its start until it follows.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from rich.console import Console

from abci_app.modules.ledger.keys import balance_key
from node.cometbft.settings import Settings
from node.localnet.joining import NAME, look_up, make_joining
from node.localnet.localnet import Localnet
from node.store.level import LevelStore
from tests.bench.state import owner
from tests.snapshots.network import application, new_chain, payment
from wire.accounts import Account
from wire.codec import encode
from wire.ledger import Balance, account_holder

SNAPSHOT_BAR_S, RATIO_BAR, JOIN_BAR_S = 60, 1.5, 60
INTERVAL_BLOCKS = 60
START_SECONDS = 900.0
BATCH = 25_000
_TAKEN = re.compile(r"snapshot of height (\d+): (\d+) chunks, taken in ([0-9.]+) s, computing for ([0-9.]+) s")


def fill(folder: Path, keys: int) -> None:
    """A store of balances and accounts that nobody owns, before its chain begins."""
    store = LevelStore(folder)
    balance = encode(Balance(10**9, 0))
    for first in range(0, keys // 2, BATCH):
        owners = [owner(number) for number in range(first, min(first + BATCH, keys // 2))]
        store.write([(b"ledger/b" + balance_key("eur", account_holder(one)), balance) for one in owners])
        store.write([(b"accounts/a" + one, encode(Account(one, one + bytes(12)))) for one in owners])
    store.close()


async def block_intervals_s(net: Localnet, first: int, last: int) -> list[float]:
    """The time from each block's header to the next one's."""
    times = [(await net.rpc(0).block(height)).time_ns / 1e9 for height in range(first, last + 1)]
    return [after - before for before, after in itertools.pairwise(times)]


async def pay_all_along(net: Localnet) -> None:
    """A payment for every tenth of a second."""
    for nonce in itertools.count(1):
        await net.rpc(0).broadcast_tx_sync(payment(nonce))
        await asyncio.sleep(0.1)


class Taken(NamedTuple):
    """A snapshot as its taker logs it."""

    height: int
    chunks: int
    seconds: float
    cpu_seconds: float


async def taken_at(net: Localnet) -> list[Taken]:
    """Each validator's first snapshot, once they are all taken."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            logs = [(net.home / "log" / f"{validator.name}.app.log").read_text() for validator in net.plan.validators]
            found = [_TAKEN.search(log) for log in logs]
            if all(found):
                return [Taken(int(each[1]), int(each[2]), float(each[3]), float(each[4])) for each in found if each]
            await asyncio.sleep(0.5)


async def joined_after_s(folder: Path, net: Localnet, settings: Settings) -> tuple[float, float]:
    """From the start of a new node until it follows with the others' app hash; and its application's CPU time."""
    chain = await look_up([validator.rpc_url for validator in net.plan.validators])
    make_joining(folder, chain, application=application("--snapshot-interval", "0"), settings=settings)
    started = time.monotonic()
    async with Localnet.open(folder) as joined:
        await joined.up()
        while (status := await joined.rpc(0).status()).catching_up:
            await asyncio.sleep(0.1)
        seconds = time.monotonic() - started
        times = psutil.Process(joined.unit(NAME).processes[f"{NAME}.app"].pid).cpu_times()
        height = status.height
        await joined.wait_for_height(height + 2)
        own, others = await asyncio.gather(joined.rpc(0).block_results(height), net.rpc(0).block_results(height))
        if own.app_hash != others.app_hash:
            raise RuntimeError(f"{NAME} has another app hash at height {height}")
    return seconds, times.user + times.system


async def study(folder: Path, keys: int, console: Console) -> bool:
    """Take a snapshot, then join, and print the figures; whether the bars are kept."""
    settings = Settings()
    app = application("--snapshot-interval", str(INTERVAL_BLOCKS))
    async with new_chain(folder / "net", app, validators=2, settings=settings) as net:
        fill(folder / "filled", keys)
        for validator in net.plan.validators:
            shutil.copytree(folder / "filled", net.home / validator.name / "state")
        await net.up(timeout_seconds=START_SECONDS)
        paying = asyncio.create_task(pay_all_along(net))
        taken = await taken_at(net)
        slowest = max(taken, key=lambda each: each.seconds)
        now = (await net.rpc(0).status()).height
        before = statistics.median(await block_intervals_s(net, 10, slowest.height))
        during = statistics.median(await block_intervals_s(net, slowest.height + 1, now))
        size = sum(file.stat().st_size for file in (net.home / "validator0" / "snapshots").rglob("*") if file.is_file())
        console.print(
            f"{keys:,} keys: snapshot of {slowest.chunks} chunks, {size:,} bytes, in {slowest.seconds:.1f} s, "
            f"computing for {slowest.cpu_seconds:.1f} s of them (bar {SNAPSHOT_BAR_S} s)"
        )
        console.print(
            f"block interval {before:.3f} s before, {during:.3f} s meanwhile: {during / before:.2f} times "
            f"(bar {RATIO_BAR})"
        )
        paying.cancel()
        joined_s, cpu_s = await joined_after_s(folder / "joined", net, settings)
        console.print(
            f"a new node follows {joined_s:.1f} s after its start, its application computing for {cpu_s:.1f} s of them "
            f"(bar {JOIN_BAR_S} s); with {os.getloadavg()[0]:.0f} processes that want to run on {os.cpu_count()} cores"
        )
    kept = slowest.seconds < SNAPSHOT_BAR_S and during / before < RATIO_BAR and joined_s < JOIN_BAR_S
    console.print(f"bars {'kept' if kept else 'missed'}")
    return kept


def main() -> int:
    """Print the figures; 1 where a bar is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vdg") as folder:
        return 0 if asyncio.run(study(Path(folder).resolve(), arguments.keys, Console())) else 1


if __name__ == "__main__":
    raise SystemExit(main())
