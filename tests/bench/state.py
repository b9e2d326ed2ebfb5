"""What writes, proofs and starts cost as the state grows: ``python -m tests.bench.state``.

Blocks of transfers go through the whole application over LevelDB, with 1,000 up to a million balances in its ledger;
each changes about 1,000 keys. Bars: issue of the state proofs (a write within 1.5 times from 1,000 to 1,000,000 keys,
a commit of 1,000 keys under 50 ms, a proof under 3 KB served in 5 ms).
"""

from __future__ import annotations

import gc
import hashlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from abci_app.app import App
from abci_app.modules.ledger.keys import balance_key
from abci_app.state.history import FIRST_STATE_KEY, LAST_STATE_KEY
from abci_app.state.tree import StateTree
from node.store.level import LevelStore
from tests.bench.neighbourhood import Neighbourhood
from wire.accounts import Account
from wire.chain import BlockInfo
from wire.codec import decode, encode
from wire.ledger import Balance, Transfer, account_holder
from wire.merkle import ProofOp

SIZES = (1_000, 10_000, 100_000, 1_000_000)
HOMES, TRANSFERS, BLOCKS = 330, 330, 9
WRITE_RATIO_BAR, COMMIT_BAR_MS, PROOF_BAR_BYTES, PROOF_BAR_MS = 1.5, 50, 3_000, 5
_META = b"\x00last-block"


class Measured(NamedTuple):
    """Medians at one size of the state: CPU time of a block's execution, wall time of the rest."""

    keys: int
    changed: int
    block_ms: float
    commit_ms: float
    proof_ms: float
    proof_bytes: int
    start_s: float

    @property
    def write_us(self) -> float:
        """A changed key's share of executing and committing its block."""
        return (self.block_ms + self.commit_ms) * 1e3 / self.changed


def owner(number: int) -> bytes:
    """The address of an account whose key nobody has."""
    return hashlib.sha256(number.to_bytes(8, "big")).digest()[:20]


def filled(folder: Path, keys: int) -> tuple[Neighbourhood, LevelStore, float]:
    """A neighbourhood with ``keys`` / 2 more accounts and their balances, and how many seconds its start took."""
    store = LevelStore(folder)
    neighbourhood = Neighbourhood(HOMES, store)
    balance = encode(Balance(10**9, 0))
    for first in range(0, keys // 2, 25_000):
        owners = [owner(number) for number in range(first, min(first + 25_000, keys // 2))]
        store.write([(b"ledger/b" + balance_key("eur", account_holder(one)), balance) for one in owners])
        store.write([(b"accounts/a" + one, encode(Account(one, one + bytes(12)))) for one in owners])
    tree = StateTree(store.iterate(FIRST_STATE_KEY, LAST_STATE_KEY))
    info = decode(BlockInfo, store.get(_META) or b"")
    undo = [(key, None) for key, _ in store.iterate(b"\x00undo/", b"\x00undo0")]
    store.write([*undo, (_META, encode(info._replace(app_hash=tree.root)))])
    del tree
    gc.collect()
    started = time.perf_counter()
    neighbourhood.app = App(store)
    return neighbourhood, store, time.perf_counter() - started


def size_of(ops: tuple[ProofOp, ...]) -> int:
    """Bytes of a proof as it is sent."""
    return sum(len(encode(op)) for op in ops)


def measure(keys: int) -> Measured:
    """Blocks of transfers to spread-out balances, and proofs of such."""
    with tempfile.TemporaryDirectory() as folder:
        neighbourhood, store, start_s = filled(Path(folder) / "state", keys)
        blocks, commits, changed = [], [], []
        step = max(1, keys // 2 // (BLOCKS * TRANSFERS))
        targets = iter(range(0, keys * BLOCKS, step))
        for _ in range(BLOCKS):
            txs = [
                neighbourhood.tx(home, Transfer(owner(next(targets) % (keys // 2)), 1))
                for home in neighbourhood.homes[:TRANSFERS]
            ]
            gc.collect()
            cpu = time.thread_time()
            neighbourhood.finalize(txs)
            blocks.append((time.thread_time() - cpu) * 1e3)
            started = time.perf_counter()
            neighbourhood.app.commit()
            commits.append((time.perf_counter() - started) * 1e3)
            changed.append(TRANSFERS * 3)
        proofs = []
        for number in range(0, keys // 2, keys // 200):
            key = b"b" + balance_key("eur", account_holder(owner(number)))
            started = time.perf_counter()
            answer = neighbourhood.app.query("/store/ledger/key", key, 0, prove=True)
            proofs.append(((time.perf_counter() - started) * 1e3, size_of(answer.proof) + len(key) + len(answer.value)))
        store.close()
    return Measured(
        keys,
        int(statistics.median(changed)),
        statistics.median(blocks),
        statistics.median(commits),
        statistics.median(ms for ms, _ in proofs),
        max(size for _, size in proofs),
        start_s,
    )


def main() -> int:
    """Print a line for each size, and how the largest compares with the smallest; 1 where a bar is missed, else 0."""
    table = Table(box=box.SIMPLE)
    for name in ("keys", "changed", "block ms", "commit ms", "us a write", "proof ms", "proof bytes", "start s"):
        table.add_column(name, justify="right")
    found = []
    for keys in SIZES:
        done = measure(keys)
        found.append(done)
        table.add_row(
            f"{done.keys:,}",
            f"{done.changed:,}",
            f"{done.block_ms:.1f}",
            f"{done.commit_ms:.1f}",
            f"{done.write_us:.0f}",
            f"{done.proof_ms:.2f}",
            f"{done.proof_bytes:,}",
            f"{done.start_s:.1f}",
        )
    console = Console()
    console.print(table)
    ratio = found[-1].write_us / found[0].write_us
    console.print(f"a write at {SIZES[-1]:,} keys against {SIZES[0]:,}: {ratio:.2f} (bar {WRITE_RATIO_BAR})")
    worst = max(found, key=lambda done: done.commit_ms)
    console.print(f"slowest commit of {worst.changed:,} keys: {worst.commit_ms:.1f} ms (bar {COMMIT_BAR_MS})")
    proofs_kept = all(done.proof_bytes < PROOF_BAR_BYTES and done.proof_ms < PROOF_BAR_MS for done in found)
    kept = ratio < WRITE_RATIO_BAR and worst.commit_ms < COMMIT_BAR_MS and proofs_kept
    console.print(f"bars {'kept' if kept else 'missed'}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
