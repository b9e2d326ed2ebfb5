"""How long the allocation of phases takes: ``python -m tests.bench.phases``. CPU seconds of one core."""

from __future__ import annotations

import statistics
import time

from rich import box
from rich.console import Console
from rich.table import Table

from clients.dso.phases.allocation import Status, allocate
from tests.phases.cases import FAMILIES, family

CASES = 20
HYSTERESIS_WH2 = 10_000


def main() -> None:
    """Print the table; a second one with the hysteresis of the DSO's daemon."""
    for hysteresis_wh2 in (0, HYSTERESIS_WH2):
        table = Table("commitments", box=box.SIMPLE_HEAD, title=f"hysteresis {hysteresis_wh2} Wh²")
        for heading in ("switches", "proven", "median ms", "worst ms", "most switchings", "greatest gap Wh²"):
            table.add_column(heading, justify="right")
        for name in FAMILIES:
            for switches in (12, 20, 40):
                table.add_row(name, str(switches), *_figures(name, switches, hysteresis_wh2))
        Console(width=140).print(table)


def _figures(name: str, switches: int, hysteresis_wh2: int) -> list[str]:
    times, found = [], []
    allocate(family(name, 0, 4))
    for seed in range(CASES):
        homes = family(name, seed, switches)
        started = time.thread_time()
        found.append(allocate(homes, None, hysteresis_wh2))
        times.append(1000 * (time.thread_time() - started))
    return [
        f"{sum(each.status is Status.OPTIMAL for each in found)} of {CASES}",
        f"{statistics.median(times):.0f}",
        f"{max(times):.0f}",
        str(max(len(each.switchings) for each in found)),
        f"{float(max(each.gap_wh2 for each in found)):.0f}",
    ]


if __name__ == "__main__":
    main()
