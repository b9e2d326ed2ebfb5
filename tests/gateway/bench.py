"""How much one gateway carries: `python -m tests.gateway.bench [--txs 4000] [--at-once 400] [--streams 20]`.

One validator, one gateway process, and the load in this process, all on one machine. Prints submits a second with their
latencies, the gateway's CPU time for each, events a second to the streams, and queries a second.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import uvloop

from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from tests.gateway.chain_host import ACCOUNTS, CHAIN_ID, genesis, wallet
from tests.gateway.serving import Client, GatewayProcess, client, eventually
from tests.gateway.txs import SINK, signed
from wire import ledger
from wire.codec import encode
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb

COMMIT_MS = 200
QUERIES = 2_000


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def transfers(count: int) -> list[bytes]:
    message, expires_s = ledger.Transfer(SINK.address, 1), int(time.time()) + 600
    senders = [wallet(number) for number in range(1, ACCOUNTS)]
    return [
        signed(senders[number % len(senders)], message, number // len(senders) + 1, expires_s)
        for number in range(count)
    ]


async def submit_all(one: Client, txs: Iterator[bytes], at_once: int) -> list[float]:
    """Submit all; their latencies in seconds, in order of size."""
    latencies: list[float] = []

    async def work() -> None:
        for tx in txs:
            started = time.perf_counter()
            answer = await one.submit(tx)
            if answer.state != pb.TX_STATE_IN_BLOCK or answer.code:
                raise RuntimeError(f"not executed: {answer}")
            latencies.append(time.perf_counter() - started)

    await asyncio.gather(*(work() for _ in range(at_once)))
    return sorted(latencies)


async def read_events(one: Client, height: int, count: int) -> None:
    asked = pb.StreamRequest()
    getattr(asked, "from").CopyFrom(pb.Cursor(height=height))
    async for response in one.events.Stream(asked):
        count -= len(response.events)
        if count <= 0:
            return


async def measure(target: str, process: psutil.Process, txs: list[bytes], at_once: int, streams: int) -> None:
    async with client(target) as one:
        height, count = (await one.status()).height + 1, len(txs)
        readers = [asyncio.create_task(read_events(one, height, count)) for _ in range(streams)]
        cpu, started = cpu_seconds(process), time.perf_counter()
        latencies = await submit_all(one, iter(txs), at_once)
        seconds = time.perf_counter() - started
        cpu = cpu_seconds(process) - cpu
        p50_ms, p95_ms = (1000 * latencies[int(share * count)] for share in (0.5, 0.95))
        print(f"submit: {count / seconds:.0f}/s, {at_once} at once, p50 {p50_ms:.0f} ms, p95 {p95_ms:.0f} ms")
        print(f"gateway: {1e6 * cpu / count:.0f} us of CPU a transaction, {process.memory_info().rss / 1e6:.0f} MB")
        await asyncio.gather(*readers)
        print(f"live events: {count * streams / (time.perf_counter() - started):.0f}/s to {streams} streams")

        started = time.perf_counter()
        await asyncio.gather(*(read_events(one, height, count) for _ in range(streams)))
        print(f"events from memory: {count * streams / (time.perf_counter() - started):.0f}/s to {streams} streams")

        path = "/vdg.ledger.v1.LedgerQueryService/GetBalance"
        query: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = one.channel.unary_unary(path)
        data = encode(ledger.GetBalanceRequest(ledger.account_holder(SINK.address)))

        async def ask() -> None:
            for _ in range(QUERIES // 20):
                await query(data)

        started = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(20)))
        print(f"queries: {QUERIES / (time.perf_counter() - started):.0f}/s")


async def main(count: int, at_once: int, streams: int) -> None:
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as name:
        folder = Path(name)
        settings = Settings(timeout_commit_ms=COMMIT_MS)
        net = Localnet.create(folder / "net", chain_id=CHAIN_ID, validators=1, settings=settings)
        net.write_genesis(genesis() | {"quotas": [{"role": "household", "transactions": 1_000_000}]})
        (folder / "gateway.yaml").write_text("limits: {calls_per_second: 0.0}\n")
        async with net:
            await net.up()
            gateway = GatewayProcess(folder, net.plan.validators[0].rpc_url, "--config", f"{folder}/gateway.yaml")
            await gateway.start()
            try:
                async with client(gateway.target) as one:
                    await eventually(lambda: answers(one), "the gateway answers")
                await measure(gateway.target, psutil.Process(gateway.pid), transfers(count), at_once, streams)
            finally:
                gateway.kill()


async def answers(one: Client) -> bool:
    try:
        return (await one.status()).height > 0
    except grpc.aio.AioRpcError:
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--txs", type=int, default=4_000)
    parser.add_argument("--at-once", type=int, default=400)
    parser.add_argument("--streams", type=int, default=20)
    given = parser.parse_args()
    uvloop.run(main(given.txs, given.at_once, given.streams))
