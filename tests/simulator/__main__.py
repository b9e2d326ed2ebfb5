"""``python -m tests.simulator --seed N --blocks M``: run one seed, or many for some minutes."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulator.record import Failure
from tests.simulator.simulation import Simulation
from tests.simulator.smaller import shrink


def main() -> int:
    """Exit code 0 when everything was as predicted, 1 at a difference: seed, height and what it is."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the (first) seed")
    parser.add_argument("--blocks", type=int, default=1_000, help="blocks of a seed")
    parser.add_argument("--minutes", type=float, help="go on with the next seeds for so long")
    parser.add_argument("--trace", action="store_true", help="print every transaction's result")
    parser.add_argument("--shrink", action="store_true", help="leave out actions as long as the seed still fails")
    parser.add_argument("--seen", action="store_true", help="print how often each result was seen")
    arguments = parser.parse_args()
    started = time.monotonic()
    seen: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    seed, blocks = arguments.seed, 0
    while True:
        simulation = Simulation(seed, trace=print if arguments.trace else None)
        try:
            summary = simulation.run(arguments.blocks)
            simulation.wind_down()
        except Failure as failure:
            print(f"seed {seed}: {failure}\nagain: python -m tests.simulator --seed {seed} --blocks {failure.height}")
            if arguments.shrink:
                _shrink(seed, failure.height)
            return 1
        blocks, seen, faults = blocks + summary.blocks, seen + summary.seen, faults + summary.faults
        minutes = (time.monotonic() - started) / 60
        if arguments.minutes is None or minutes >= arguments.minutes:
            break
        seed += 1
    if arguments.seen:
        for name, count in sorted(seen.items()):
            print(f"{count:8} {name}")
    transactions = sum(count for name, count in seen.items() if not name.startswith("due: "))
    print(
        f"seeds {arguments.seed} to {seed}: {blocks} blocks, {transactions} transactions in {60 * minutes:.1f} s, "
        f"{blocks / time.process_time() * 60:.0f} blocks a minute of CPU; all as predicted; faults: "
        + ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))
        + f"\nlast app hash {summary.app_hash.hex()}"
    )
    return 0


def _shrink(seed: int, blocks: int) -> None:
    left_out, failure = shrink(seed, blocks, lambda line: print(line, file=sys.stderr))
    simulation = Simulation(seed, left_out, trace=print)
    try:
        simulation.run(failure.height)
    except Failure as again:
        kept = [action for action in simulation.actions if action not in left_out]
        print(f"{again}\nwith the actions (height, number) {kept} alone")


if __name__ == "__main__":
    sys.exit(main())
