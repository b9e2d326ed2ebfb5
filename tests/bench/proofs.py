"""What a proof costs whoever asks for it: ``python -m tests.bench.proofs``.

Bars: an item's proof under 3 KB and served in 5 ms, and verified in 1 ms beyond the header. The item is a balance in a
ledger of so many; the proof is measured as the gateway's answer. The header is verified once a block, however many
items are read. The last lines are of a real validator behind a real gateway, on this machine: a plain read, the same
with its proof, and a whole verified answer (two items, and a header where there is a new block).
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from abci_app.state.history import History, Version
from abci_app.state.proof import prove
from abci_app.state.store import MemoryStore
from abci_app.state.tree import StateTree
from clients.common.chain import Chain
from clients.common.trust import TrustSection
from tests.gateway.chain_host import ChainHost, hosted_chain
from tests.gateway.serving import client, gateway
from tests.light.made import genesis_of, made_header, signed, time_ns_of
from wire import state_keys
from wire.codec import encode
from wire.gen.tendermint.crypto import proof_pb2
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.ledger import EUR, Balance, GetBalanceRequest, account_holder
from wire.light.hashing import NANOSECONDS
from wire.light.verify import Trust, verify
from wire.proof import verified_value
from wire.state_keys import Item

SIZES = (1_000, 100_000, 1_000_000)
SAMPLES = 500
SIZE_BAR_BYTES, SERVE_BAR_MS, VERIFY_BAR_MS = 3_000, 5.0, 1.0
VALIDATORS = (4, 20, 100)


def balance_of(number: int) -> Item[Balance]:
    address = hashlib.sha256(number.to_bytes(8, "big")).digest()[:20]
    return state_keys.BALANCES.at(state_keys.balance_key(EUR, account_holder(address)))


def ledger_of(size: int) -> Version:
    """A state of so many balances."""
    store = MemoryStore()
    items = [(b"ledger/" + balance_of(number).key, encode(Balance(10**12 + number, number))) for number in range(size)]
    store._values = dict(items)  # ten times as fast as writing them
    store._keys = sorted(store._values)
    return History(0).at(1, StateTree(items), store)


def of_items(size: int) -> tuple[int, float, float]:
    """Bytes of the largest answer, median ms to make a proof, median ms to verify it."""
    version = ledger_of(size)
    root = version.tree.root
    sizes, made_ms, checked_ms = [], [], []
    for number in range(0, size, max(1, size // SAMPLES)):
        item = balance_of(number)
        value = version.value(b"ledger/" + item.key) or b""
        started = time.perf_counter()
        ops = prove(version, b"ledger", item.key)
        made_ms.append(1e3 * (time.perf_counter() - started))
        messages = [proof_pb2.ProofOp(type=op.type, key=op.key, data=op.data) for op in ops]
        answer = pb.GetResponse(value=value, height=10**7, proof=proof_pb2.ProofOps(ops=messages))
        sizes.append(answer.ByteSize())
        started = time.perf_counter()
        verified_value(root, "ledger", item.key, value, ops)
        checked_ms.append(1e3 * (time.perf_counter() - started))
    return max(sizes), statistics.median(made_ms), statistics.median(checked_ms)


def of_header(validators: int) -> float:
    """Median ms to verify a header that all of so many validators have signed, skipping from the genesis."""
    powers = dict.fromkeys(range(validators), 10)
    block, anchor = signed(made_header(100, powers), powers), genesis_of(powers)
    now_ns = time_ns_of(100) + NANOSECONDS
    samples = []
    for _ in range(20):
        started = time.perf_counter()
        verify(anchor, block, Trust(), now_ns)
        samples.append(1e3 * (time.perf_counter() - started))
    return statistics.median(samples)


async def median_ms(work: Callable[[], Awaitable[Any]], times: int = 200) -> float:
    samples = []
    for _ in range(times):
        started = time.perf_counter()
        await work()
        samples.append(1e3 * (time.perf_counter() - started))
    return statistics.median(samples)


async def over_a_gateway(host: ChainHost) -> list[tuple[str, float]]:
    """What a client waits for, through a gateway in front of a real validator."""
    holder = account_holder(host.wallet().address)
    item = state_keys.BALANCES.at(state_keys.balance_key(EUR, holder))
    trust = TrustSection.model_validate({"genesis": str(host.genesis_file)}, context={"folder": Path()})
    async with gateway(host.url) as (_, address), client(address) as raw, await Chain.open(address) as chain:
        reads = await chain.verified(trust)
        await reads.ask(GetBalanceRequest(holder))
        plain, proved = (pb.GetRequest(store=item.store, key=item.key, prove=prove_it) for prove_it in (False, True))
        return [
            ("read", await median_ms(lambda: raw.store.Get(plain))),
            ("read with proof", await median_ms(lambda: raw.store.Get(proved))),
            ("verified balance", await median_ms(lambda: reads.ask(GetBalanceRequest(holder)))),
        ]


def main() -> int:
    """Print the tables; the exit code tells whether the bars are kept."""
    console = Console()
    items = Table("items", "answer, bytes", "made, ms", "verified, ms", box=box.SIMPLE_HEAD)
    kept = True
    for size in SIZES:
        size_bytes, made_ms, checked_ms = of_items(size)
        items.add_row(f"{size:,}", f"{size_bytes:,}", f"{made_ms:.3f}", f"{checked_ms:.3f}")
        kept &= size_bytes < SIZE_BAR_BYTES and checked_ms < VERIFY_BAR_MS
    headers = Table("validators", "header verified, ms", box=box.SIMPLE_HEAD)
    for validators in VALIDATORS:
        headers.add_row(str(validators), f"{of_header(validators):.2f}")
    waits = Table("through a gateway", "median, ms", box=box.SIMPLE_HEAD)
    with hosted_chain() as host:
        for what, ms in asyncio.run(over_a_gateway(host)):
            waits.add_row(what, f"{ms:.2f}")
            kept &= what != "read with proof" or ms < SERVE_BAR_MS
    for table in (items, headers, waits):
        console.print(table)
    console.print(f"bars {'kept' if kept else 'missed'}: {SIZE_BAR_BYTES} bytes, {SERVE_BAR_MS} ms, {VERIFY_BAR_MS} ms")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
