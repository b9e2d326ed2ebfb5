"""How a validator's disk grows with a neighbourhood's day: ``python -m tests.bench.disk`` (``make study-disk``).

A day on four validators, with short slots, of which everything that is meant to be forgotten is forgotten after a while
(``--window`` slots; in real time these are 49 hours of blocks and a week of slots). Twice after that a validator is
copied as `vdg node backup` does it, its databases are written anew from the copy (LevelDB drops what was deleted only
by and by), and the difference is what stays for good. Bar: 300 bytes a home and slot.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import plyvel
from rich import box
from rich.console import Console
from rich.table import Table

from emulator.homes import DEFAULT_DAY
from node.backup.image import DATABASES, take_image
from node.localnet.diskuse import disk_use
from node.run.chain import Memory
from node.run.day import Options, run_day
from node.run.daylog import DayLog
from node.run.progress import Display
from node.run.report import Report
from node.run.timing import Timing

BAR_BYTES = 300
LEVEL_DATABASES = ("state", *DATABASES)
# Written without end, and cut by size: a part of 10 MB in hand and two before it (node/cometbft/wal.py), logs of 20 MB
# and three before them for each of two processes (node/localnet/logfile.py).
BOUNDED = {"data/cs.wal": 3 * 10 * 2**20, "logs": 2 * 4 * 20 * 2**20}


class Sample(NamedTuple):
    """Bytes by part of a validator at some slot: of databases after compaction, of the rest as they are."""

    slot: int
    height: int
    bytes_by_part: dict[str, int]


def measured(home: Path, slot: int, height: int) -> Sample:
    """A validator's parts now; it stands still for milliseconds."""
    found: dict[str, int] = {}
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        image = Path(folder)
        take_image(home, image)
        for name in LEVEL_DATABASES:
            if (image / name).exists():
                found[name] = compacted_bytes(image / name)
    found["data/cs.wal"] = disk_use(home).get("data/cs.wal", 0)
    found["logs"] = sum(file.stat().st_size for file in (home.parent / "log").glob(f"{home.name}.*"))
    rest = {name: size for name, size in disk_use(home).items() if name not in found and "/" in name}
    found["other files"] = sum(rest.values())
    return Sample(slot, height, found)


def compacted_bytes(database: Path) -> int:
    """What a LevelDB takes that holds what is in this one now, and nothing twice or deleted."""
    old: Any = plyvel.DB(str(database))
    fresh = database.with_name(f"{database.name}-fresh")
    new: Any = plyvel.DB(str(fresh), create_if_missing=True)
    with new.write_batch() as batch:
        for key, value in old:
            batch.put(key, value)
    old.close()
    new.close()
    # What is in its log becomes a table when it is opened again.
    plyvel.DB(str(fresh)).close()
    return sum(file.stat().st_size for file in fresh.iterdir() if file.suffix in (".ldb", ".sst"))


class Study:
    """Runs the day and takes the samples."""

    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self._arguments = arguments
        self._folder = folder
        self._seen: tuple[DayLog, Timing] | None = None
        self.samples: list[Sample] = []

    async def run(self) -> Report:
        """Live the day."""
        chosen = self._arguments
        options = Options(
            chosen.slot_seconds,
            chosen.from_slot,
            chosen.slots,
            chosen.homes,
            validators=4,
            day=DEFAULT_DAY,
            out=self._folder,
            folder=self._folder / "run",
            memory=Memory(chosen.window),
        )
        sampling = asyncio.create_task(self._sample())
        try:
            return await run_day(options, self._display, asyncio.Event())
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)

    def _display(self, log: DayLog, timing: Timing) -> Display:
        self._seen = (log, timing)
        return Display(log, timing.epoch_s, self._arguments.slot_seconds, Console(stderr=True), quiet=False)

    async def _sample(self) -> None:
        """Twice: when what is kept for a while has reached its size, and near the end of the day."""
        for settled in (min(self._arguments.window + 12, self._arguments.slots // 2), self._arguments.slots - 4):
            while self._seen is None or self._seen[0].slots_settled < settled:
                await asyncio.sleep(0.2)
            (home,) = self._folder.glob("run/vdg-*/net/validator0")
            self.samples.append(
                await asyncio.to_thread(measured, home, self._seen[0].slots_settled, self._seen[0].height)
            )


def main() -> int:
    """Print what grew, by part, in all and per home and slot; 1 where that misses the bar, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-slot", type=int, default=0, help="begin with this slot of the day")
    parser.add_argument("--slots", type=int, default=144)
    parser.add_argument("--slot-seconds", type=int, default=2)
    parser.add_argument("--homes", type=int, default=37)
    parser.add_argument("--window", type=int, default=24, help="slots after which things are forgotten")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vdg") as folder:
        study = Study(arguments, Path(folder))
        report = asyncio.run(study.run())
    first, last = study.samples
    slots = last.slot - first.slot
    console = Console()
    console.print(
        f"{arguments.homes} homes, {slots} slots ({first.slot} to {last.slot}), {last.height - first.height} blocks, "
        f"{report.transactions.submitted} transactions in {report.slots} slots; problems: {report.problems or 'none'}"
    )
    table = Table("part", "first", "last", "grew", "per home and slot", box=box.SIMPLE)
    total = 0.0
    for name in last.bytes_by_part:
        before, after = first.bytes_by_part.get(name, 0), last.bytes_by_part[name]
        share = (after - before) / slots / arguments.homes
        shown = f"{share:,.1f} bytes"
        if name in BOUNDED:
            shown = f"0, cut at {BOUNDED[name] / 2**20:.0f} MiB"
        else:
            total += share
        table.add_row(name, f"{before:,}", f"{after:,}", f"{after - before:,}", shown)
    console.print(table)
    console.print(f"grows by {total:.0f} bytes a home and slot for good (bar {BAR_BYTES})")
    return 0 if total < BAR_BYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
