"""How long the allocation of phases takes: ``python -m tests.bench.phases``. CPU seconds of one core."""

from __future__ import annotations

import statistics
import time

from rich import box
from rich.console import Console
from rich.table import Table

from clients.dso.phases.allocation import Status, allocate
from tests.phases.cases import feeder

CASES = 50
MOST_WH = 3000


def main() -> None:
    """Print the table."""
    table = Table("switches", box=box.SIMPLE_HEAD)
    for heading in ("proven", "median ms", "worst ms", "most switchings"):
        table.add_column(heading, justify="right")
    allocate(feeder(0, 4))
    for switches in (4, 12, 20, 30, 40):
        times, moved, proven = [], 0, 0
        for seed in range(CASES):
            homes = feeder(seed, switches, MOST_WH)
            started = time.thread_time()
            found = allocate(homes)
            times.append(1000 * (time.thread_time() - started))
            moved = max(moved, len(found.switchings))
            proven += found.status is Status.OPTIMAL
        figures = (f"{statistics.median(times):.1f}", f"{max(times):.1f}", str(moved))
        table.add_row(str(switches), f"{proven} of {CASES}", *figures)
    Console().print(table)


if __name__ == "__main__":
    main()
