"""What a neighbourhood of 1,000 homes costs a validator: ``python -m tests.bench.settlement``.

Orders through the whole pipeline (CheckTx, ProcessProposal, FinalizeBlock, Commit, over LevelDB), proofs of flow, a
slot of 1,000 homes settled in one block, and a book of 10,000 orders cleared in one. A step's name as argument prints
where its time goes.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from rich import box
from rich.console import Console
from rich.table import Table

from node.store.level import LevelStore
from tests.bench.neighbourhood import EPOCH_S, SLOT_SECONDS, VDG, Neighbourhood
from wire.asset import DeclareAvailability
from wire.market import Side

HOMES, BOOK_ORDERS = 1_000, 10_000
SETTLING_BAR_S, TX_BAR_US = 0.25, 350
SLOT = 10


class Stopwatch:
    """Times steps by name; profiles the one that is asked for."""

    def __init__(self, profiled: str) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self._profiled = profiled

    def time(self, step: str, work: Callable[[], object]) -> None:
        """Run a step once, with the garbage of earlier ones collected."""
        gc.collect()
        profile = cProfile.Profile()
        if step == self._profiled:
            profile.enable()
        started, cpu_started = time.perf_counter(), time.process_time()
        work()
        self.cpu_seconds[step] = time.process_time() - cpu_started
        self.seconds[step] = time.perf_counter() - started
        if step == self._profiled:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)

    def total(self, name: str, steps: Sequence[str]) -> None:
        """Give the sum of steps a name."""
        for seconds in (self.seconds, self.cpu_seconds):
            seconds[name] = sum(seconds[step] for step in steps)

    def both(self, step: str) -> tuple[float, float]:
        """Seconds on the wall and of the processor."""
        return self.seconds[step], self.cpu_seconds[step]


def orders_of(place: Neighbourhood, slot: int, random: Random) -> list[bytes]:
    """An order of every home; every second one sells, and about half of them trade."""
    return [
        place.order(
            home,
            Side.SIDE_ASK if number % 2 else Side.SIDE_BID,
            random.randint(1, 1_000),
            random.randint(60_000, 180_000),
            slot,
        )
        for number, home in enumerate(place.homes)
    ]


def declared(place: Neighbourhood, slot: int) -> list[bytes]:
    """Availability for all who sell."""
    return [place.tx(home, DeclareAvailability(VDG, slot, (1_000,))) for home in place.homes[1::2]]


def measure_slot(watch: Stopwatch, folder: Path) -> None:
    """A slot of HOMES homes from order to settlement."""
    place, random = Neighbourhood(HOMES, LevelStore(folder)), Random(1)
    place.block(declared(place, SLOT))
    txs = orders_of(place, SLOT, random)
    app = place.app
    watch.time("check", lambda: [app.check_tx(tx) for tx in txs])
    watch.time("prepare", lambda: app.prepare_proposal(txs, 1 << 22, place.time_s + 1))
    watch.time("process", lambda: app.process_proposal(txs, place.time_s + 1))
    watch.time("finalize", lambda: place.finalize(txs))
    watch.time("commit", app.commit)
    gate_s = EPOCH_S + (SLOT - 6) * SLOT_SECONDS
    watch.time("clear 1,000", lambda: place.block([], gate_s))
    flows = {home: random.randint(-900, 900) for home in place.homes}
    place.block([], EPOCH_S + (SLOT + 1) * SLOT_SECONDS)
    batches = place.proofs(SLOT, flows)
    watch.time("prove", lambda: place.block(batches))
    watch.time("settle", lambda: place.block([]))


def measure_book(watch: Stopwatch, folder: Path) -> None:
    """A book of BOOK_ORDERS orders, cleared in the first block at its gate."""
    place, random = Neighbourhood(BOOK_ORDERS, LevelStore(folder)), Random(2)
    place.block(declared(place, SLOT))
    place.block(orders_of(place, SLOT, random))
    gate_s = EPOCH_S + (SLOT - 6) * SLOT_SECONDS
    watch.time("clear 10,000", lambda: place.block([], gate_s))


def main() -> None:
    """Print the tables."""
    watch = Stopwatch(sys.argv[1] if len(sys.argv) > 1 else "")
    with tempfile.TemporaryDirectory() as folder:
        measure_slot(watch, Path(folder) / "slot")
        measure_book(watch, Path(folder) / "book")
    calls = ("check", "process", "finalize", "commit")
    watch.total(f"all four (bar {TX_BAR_US})", calls)
    console = Console()
    table = _table(f"One order of {HOMES} homes, on one validator", "us a transaction", "us of processor time")
    for call in (*calls, f"all four (bar {TX_BAR_US})", "prepare"):
        table.add_row(call, *(f"{seconds / HOMES * 1e6:.0f}" for seconds in watch.both(call)))
    console.print(table)
    table = _table("Blocks, with their commit", "s", "s of processor time")
    for step, meaning in {
        "prove": f"takes {HOMES} proofs of flow",
        "settle": f"settles a slot of {HOMES} homes (bar {SETTLING_BAR_S})",
        "clear 1,000": f"clears a book of {HOMES} orders",
        "clear 10,000": f"clears a book of {BOOK_ORDERS} orders",
    }.items():
        table.add_row(meaning, *(f"{seconds:.3f}" for seconds in watch.both(step)))
    console.print(table)


def _table(title: str, *units: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD)
    table.add_column("")
    for unit in units:
        table.add_column(unit, justify="right")
    return table


if __name__ == "__main__":
    main()
