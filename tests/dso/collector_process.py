"""A collector in a process of its own, to be killed: ``python -m tests.dso.collector_process FOLDER PORT EPOCH SLOTS``.

It ends by itself when the readings of all homes' slots from -1 to SLOTS - 1 are stored; slots last a second.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from pathlib import Path

from clients.common.broker import BrokerAddress
from clients.common.slots import SlotClock
from clients.dso.collector.check import TimeRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.collector.recalls import RecallRules, Recalls
from clients.dso.database import open_database
from clients.dso.findings import Findings
from clients.dso.members import Members
from wire.grid import Member

METERS = ["VDG-f01load00001", "VDG-f01load00002"]
DEADLINE_SLOTS = 60


async def collect(folder: Path, port: int, epoch_s: int, slots: int) -> None:
    """Until all is there."""
    clock = SlotClock(epoch_s, 1)
    members = Members([Member("grid", meter.encode(), meter, 0) for meter in METERS])
    database = open_database(folder / "dso.sqlite", "chain", "grid")
    with closing(database), Findings(folder / "findings.jsonl") as findings:
        readings = Readings(database)
        complete = asyncio.Event()

        def look(_: int) -> None:
            if all(readings.meters_read(slot) == set(METERS) for slot in range(-1, slots)):
                complete.set()

        collector = Collector(
            BrokerAddress(url=f"mqtt://dso@127.0.0.1:{port}"),
            TimeRules(clock, tolerance_s=0.5, late_s=0.8),
            members,
            readings,
            findings,
            look,
            recalls=Recalls(RecallRules.of(clock, DEADLINE_SLOTS, 0.8), members, readings, findings),
        )
        collecting = asyncio.create_task(collector.run())
        await complete.wait()
        collecting.cancel()
        await asyncio.wait({collecting})


if __name__ == "__main__":
    asyncio.run(collect(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
