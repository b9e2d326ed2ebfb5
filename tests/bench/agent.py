"""What a real agent takes: ``python -m tests.bench.agent [--forecaster learned] [--slots 60] [1 10 …]``.

For each number of homes a neighbourhood of real processes lives some slots of one second, and the agent's process is
measured: memory (RSS, its greatest), and CPU a home and slot after the first ten slots. Bars of issue 5: 120 MB for an
agent, 250 MB for ten homes in one process.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

import psutil

from tests.household.neighbourhood import Neighbourhood, living

WARM_SLOTS = 10
MB = 1e6


async def measure(homes: int, slots: int, forecaster: str) -> None:
    """Print one row."""
    with tempfile.TemporaryDirectory(prefix="ha", dir="/tmp") as folder:
        async with living(Path(folder), homes=homes, forecaster=forecaster) as place:
            place.start_agent()
            process = psutil.Process(place.agent_pid)
            first = await lived(place, WARM_SLOTS)
            before_s = sum(process.cpu_times()[:2])
            greatest = 0
            for _ in range(slots // 5):
                last = await lived(place, 5)
                greatest = max(greatest, process.memory_info().rss)
            cpu_ms = 1000 * (sum(process.cpu_times()[:2]) - before_s) / homes / (last - first)
            print(f"| {homes} | {forecaster} | {greatest / MB:.0f} MB | {cpu_ms:.1f} ms |", flush=True)
            place.end_agent()


async def lived(place: Neighbourhood, slots: int) -> int:
    """So many slots later; the slot in which all homes have planned."""
    await place.until(lambda: place.has_plans, "the agent plans")
    begun = min(place.planned_in().values())
    await place.until(lambda: min(place.planned_in().values()) >= begun + slots, f"{slots} slots are planned")
    return min(place.planned_in().values())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("homes", nargs="*", type=int, default=[1, 10])
    parser.add_argument("--forecaster", default="persistence")
    parser.add_argument("--slots", type=int, default=60)
    chosen = parser.parse_args()
    print("| homes | forecaster | memory | CPU a home and slot |\n|---|---|---|---|")
    for homes in chosen.homes:
        asyncio.run(measure(homes, chosen.slots, chosen.forecaster))


if __name__ == "__main__":
    main()
