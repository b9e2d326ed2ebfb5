"""``python -m tests.bench.throughput``: our application beside CometBFT's kvstore, same settings, same run.

For each, the highest offered rate is searched that is held for the whole window with p95 from submission to result
below the bound; then latencies are measured at half of that rate. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import aiohttp
import psutil
import uvloop

from node.cometbft.block_stream import subscription
from node.cometbft.rpc import RpcClient
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from tests.bench.workloads import Entries, Orders
from wire.tx import tx_hash

VALIDATORS = 4
P95_BOUND_S = 3.0
# Shared machines have slow minutes: a rate that was not held is tried once more, for both applications.
TRIES = 2
# How long after the last submission transactions may come into blocks before they count as lost.
PATIENCE_S, PREPARATION_PATIENCE_S = 15.0, 120.0
BATCH_SECONDS = 0.05
# As the main job has them (node.run.chain): without CometBFT's index of old transactions, for both.
SETTINGS = Settings(timeout_commit_ms=250, log_level="error", mempool_txs=50_000, tx_index=False)
CHAIN_ID = "bench-1"
# How load is submitted: without waiting for CheckTx (what it refuses shows as lost), or one after the other with its
# answer, which makes CometBFT's ABCI client flush for each (docs/performance.md).
ASYNC, SYNC = "broadcast_tx_async", "broadcast_tx_sync"
# What tells the two processes of a validator apart.
APP, COMETBFT = "node.validator", "cometbft start"


@dataclass(frozen=True)
class Window:
    """What one offered rate gave. Rates in transactions per second, times in seconds.

    `app_us` and `cometbft_us` are the processor time of one validator's two processes per transaction.
    """

    offered: float
    committed: float
    p50_s: float
    p95_s: float
    lost: int
    refused: int
    block_interval_s: float
    app_us: float
    cometbft_us: float

    @property
    def held(self) -> bool:
        """Whether the rate was kept up."""
        return not self.lost and not self.refused and self.p95_s < P95_BOUND_S and self.committed > 0.97 * self.offered


@dataclass(frozen=True)
class Outcome:
    """A workload's figures."""

    name: str
    sustained: Window
    half: Window
    tx_bytes: int
    app_mib: float
    cometbft_mib: float


class Watcher:
    """Notes when each block was seen, and what it holds."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc
        self.seen: dict[bytes, tuple[float, int]] = {}
        self.times: list[float] = []

    async def run(self) -> None:
        """Follow blocks until cancelled; a gap would show as lost transactions."""
        async for committed in subscription(self._rpc):
            if committed is None:
                continue
            now = time.perf_counter()
            self.times.append(now)
            for tx, result in zip(committed.block.txs, committed.results.tx_results, strict=True):
                self.seen[tx_hash(tx)] = (now, result.code)


async def send_batch(session: aiohttp.ClientSession, url: str, method: str, txs: list[bytes]) -> int:
    """Submit transactions in one JSON-RPC batch; returns how many were refused at once.

    A node that is so far behind that it does not answer in time refuses none: what is lost shows in the blocks.
    """
    calls = [
        {"jsonrpc": "2.0", "id": i, "method": method, "params": {"tx": base64.b64encode(tx).decode()}}
        for i, tx in enumerate(txs)
    ]
    try:
        async with session.post(url, json=calls) as response:
            answers = json.loads(await response.read())
    except aiohttp.ClientConnectionError:
        return 0
    answers = answers if isinstance(answers, list) else [answers]
    return sum(1 for answer in answers if "error" in answer or int(answer["result"]["code"]))


async def offer(
    net: Localnet, watcher: Watcher, txs: list[bytes], rate: float, method: str, patience_s: float = PATIENCE_S
) -> Window:
    """Submit at a constant rate over all validators, then wait until everything is in a block or patience ends."""
    sent: dict[bytes, float] = {}
    urls = [validator.rpc_url for validator in net.plan.validators]
    pending: list[asyncio.Task[int]] = []
    first_block = len(watcher.times)
    used_s = {part: processor_s(part) for part in (APP, COMETBFT)}
    async with aiohttp.ClientSession() as session:
        start, position, turn = time.perf_counter(), 0, 0
        while position < len(txs):
            due = min(len(txs), int((time.perf_counter() - start) * rate) + 1)
            for cut in range(position, due, 100):
                batch = txs[cut : min(cut + 100, due)]
                now = time.perf_counter()
                sent.update((tx_hash(tx), now) for tx in batch)
                pending.append(asyncio.create_task(send_batch(session, urls[turn % len(urls)], method, batch)))
                turn += 1
            position = due
            await asyncio.sleep(BATCH_SECONDS)
        refused = sum(await asyncio.gather(*pending))
        deadline = time.perf_counter() + patience_s
        while time.perf_counter() < deadline and any(tx not in watcher.seen for tx in sent):
            await asyncio.sleep(0.1)
    end = start + len(txs) / rate
    app_us, cometbft_us = (
        round((processor_s(part) - before) / VALIDATORS / len(txs) * 1e6) for part, before in used_s.items()
    )
    latencies = sorted(watcher.seen[tx][0] - at for tx, at in sent.items() if tx in watcher.seen)
    in_time = sum(1 for tx in sent if tx in watcher.seen and watcher.seen[tx][0] <= end + P95_BOUND_S)
    failed = sum(1 for tx in sent if tx in watcher.seen and watcher.seen[tx][1])
    blocks = [t for t in watcher.times[first_block:] if t <= end]
    return Window(
        offered=rate,
        committed=round(in_time / (end - start), 1),
        p50_s=round(latencies[len(latencies) // 2], 3) if latencies else 99.0,
        p95_s=round(latencies[int(len(latencies) * 0.95)], 3) if latencies else 99.0,
        lost=len(sent) - len(latencies),
        refused=refused + failed,
        block_interval_s=round((blocks[-1] - blocks[0]) / max(1, len(blocks) - 1), 3) if len(blocks) > 1 else 99.0,
        app_us=app_us,
        cometbft_us=cometbft_us,
    )


def children(part: str) -> list[psutil.Process]:
    """This process's children whose command line has ``part``."""
    return [child for child in psutil.Process().children(recursive=True) if part in " ".join(child.cmdline())]


def memory_mib(part: str) -> float:
    """The largest resident memory of such a child."""
    return round(max((child.memory_info().rss for child in children(part)), default=0) / 2**20, 1)


def processor_s(part: str) -> float:
    """The processor time that such children have used, together."""
    return sum(times.user + times.system for times in (child.cpu_times() for child in children(part)))


async def measure(workload: Orders | Entries, rates: list[float], seconds: float, method: str) -> Outcome:
    """Find the sustained rate among ``rates`` (ascending; each may be tried TRIES times), then half of it."""
    folder = Path(tempfile.mkdtemp(prefix="vdgb"))
    net = Localnet.create(
        folder / "n", chain_id=CHAIN_ID, validators=VALIDATORS, application=workload.application, settings=SETTINGS
    )
    net.write_genesis(workload.app_state())
    try:
        async with net:
            await net.up()
            watcher = Watcher(net.rpc(0))
            watching = asyncio.create_task(watcher.run())
            preparation = workload.preparation()
            if preparation:
                prepared = await offer(net, watcher, preparation, 300.0, SYNC, PREPARATION_PATIENCE_S)
                if prepared.lost or prepared.refused:
                    raise SystemExit(f"{workload.name}: the preparation is incomplete: {asdict(prepared)}")
            source: Iterator[bytes] = workload.transactions()
            best = Window(0, 0, 99, 99, 0, 0, 99, 0, 0)
            for rate in rates:
                for _ in range(TRIES):
                    window = await offer(net, watcher, list(islice(source, int(rate * seconds))), rate, method)
                    print(f"  {workload.name}: offered {rate:g}/s -> {asdict(window)}", flush=True)
                    if window.held:
                        best = window
                        break
                if best.offered != rate:
                    break
            half_rate = max(best.offered, rates[0]) / 2
            half = await offer(net, watcher, list(islice(source, int(half_rate * seconds))), half_rate, method)
            app_mib = memory_mib(APP if isinstance(workload, Orders) else COMETBFT)
            cometbft_mib = memory_mib(COMETBFT)
            watching.cancel()
            tx = next(source)
            return Outcome(workload.name, best, half, len(tx), app_mib, cometbft_mib)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each window")
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--rates", default="250,500,750,900,1000,1100,1200,1300,1400")
    parser.add_argument("--peer-rates", default="2000,3000,4000,4500,5000,5500,6000")
    parser.add_argument("--method", choices=[ASYNC, SYNC], default=ASYNC, help="CometBFT's way of submitting")
    parser.add_argument("--only", choices=["vdg", "kvstore"])
    arguments = parser.parse_args()
    outcomes = []
    orders = Orders(CHAIN_ID, arguments.homes)
    tx_bytes = len(next(Orders(CHAIN_ID, 1).transactions()))
    if arguments.only != "kvstore":
        rates = [float(rate) for rate in arguments.rates.split(",")]
        outcomes.append(uvloop.run(measure(orders, rates, arguments.seconds, arguments.method)))
    if arguments.only != "vdg":
        rates = [float(rate) for rate in arguments.peer_rates.split(",")]
        outcomes.append(uvloop.run(measure(Entries(tx_bytes), rates, arguments.seconds, arguments.method)))
    print(
        f"\n{'':10}{'tx/s':>8}{'p50 s':>8}{'p95 s':>8}{'half: p50':>11}{'p95':>7}{'blocks s':>10}{'B/tx':>6}{'MiB':>7}"
        f"{'CPU us/tx: app':>16}{'CometBFT':>10}"
    )
    for o in outcomes:
        print(
            f"{o.name:10}{o.sustained.offered:8.0f}{o.sustained.p50_s:8.2f}{o.sustained.p95_s:8.2f}"
            f"{o.half.p50_s:11.2f}{o.half.p95_s:7.2f}{o.half.block_interval_s:10.2f}{o.tx_bytes:6}{o.app_mib:7.0f}"
            f"{o.half.app_us:16.0f}{o.half.cometbft_us:10.0f}"
        )
    if len(outcomes) == 2 and outcomes[1].sustained.offered:
        print(f"ratio {outcomes[0].sustained.offered / outcomes[1].sustained.offered:.2f} of kvstore")
    print(json.dumps([asdict(outcome) for outcome in outcomes]))


if __name__ == "__main__":
    main()
