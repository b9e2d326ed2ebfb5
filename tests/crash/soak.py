"""All crash campaigns in whole, one after the other: ``python -m tests.crash.soak [--minutes N] [--out FILE]``.

Rounds follow each other, each with other random choices, until the minutes are over; one round at least. The summary is
JSON: every campaign's own, and the totals. Exit code 1 when one failed; its output says what was lost and with which
seed it comes again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

NOT_HERE = 77


class Part(NamedTuple):
    """A campaign: its module, and whether it takes a seed."""

    name: str
    module: str
    options: tuple[str, ...]
    seeded: bool = True


PARTS = (
    Part("application at every point, LevelDB", "inprocess", ("--random", "100")),
    Part("application at every point, SQLite", "inprocess", ("--random", "100", "--store", "sqlite")),
    Part("torn files, LevelDB", "torn", ()),
    Part("torn files, SQLite", "torn", ("--store", "sqlite", "--stride", "1024")),
    Part("damage, LevelDB", "damage", ()),
    Part("damage, SQLite", "damage", ("--store", "sqlite")),
    Part("real node", "real", ("--first", "--points", "500", "--random", "120")),
    Part("real node, frames cut", "frames", ("--cuts", "216")),
    Part("four validators", "four", ("--kills", "60")),
    Part("power cuts of a real node", "power_cut", ("--cuts", "50")),
    Part("full and read-only disk under a supervised node", "full_disk", (), seeded=False),
)


def run(part: Part, seed: int) -> dict[str, Any]:
    """One campaign's summary. Raises: CalledProcessError when it failed."""
    seeding = ("--seed", str(seed)) if part.seeded else ()
    command = [sys.executable, "-m", f"tests.crash.{part.module}", *part.options, *seeding]
    print(f"{part.name}: {' '.join(command[1:])}", file=sys.stderr, flush=True)
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, NOT_HERE):
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout)
    summary: dict[str, Any] = json.loads(done.stdout)
    return {"campaign": part.name, "seed": seed, "took_seconds": round(time.monotonic() - started)} | summary


def total(results: Sequence[dict[str, Any]]) -> dict[str, int]:
    """What was done in all."""
    return {
        name: sum(int(result.get(name, 0)) for result in results)
        for name in ("kills", "at_random_times", "tears", "power_cuts", "damages")
    }


def main() -> int:
    """Exit code 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=0, help="go on with other seeds for as long")
    parser.add_argument("--seed", type=int, default=4, help="of the first round")
    parser.add_argument("--out", type=Path, help="a file for the summary, besides standard output")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    results: list[dict[str, Any]] = []
    seed = arguments.seed
    while True:
        for part in PARTS:
            try:
                results.append(run(part, seed))
            except subprocess.CalledProcessError as error:
                print(f"{part.name} failed: {' '.join(error.cmd[1:])}", file=sys.stderr)
                return 1
        seed += 1
        if time.monotonic() >= end:
            break
    summary = json.dumps({"lost": 0, **total(results), "campaigns": results}, indent=1)
    print(summary)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(summary + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
