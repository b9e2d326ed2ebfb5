"""The emulated neighbourhood's meters, each with a fault: what the collection calls it, and which slots get no flow."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from clients.common.broker import BrokerAddress
from clients.common.slots import SlotClock
from clients.dso.collector.check import TimeRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.database import open_database
from clients.dso.findings import Findings, Kind
from clients.dso.members import Members
from tests.dso.mqtt_broker import running_broker
from tests.dso.waiting import until
from wire.grid import Member

SLOTS = 6
HOMES = ["f01load00001", "f01load00002", "f01load00005", "f01load00003", "f01load00004", "f01load00006"]
# Of slot 2; the late one of slots 1 and 2, so that the first of them is a slot late.
FAULTS = {
    "drop": ({Kind.GAP}, {2, 3}),
    "delay": ({Kind.GAP, Kind.LATE}, set()),
    "duplicate": ({Kind.DUPLICATE}, set()),
    "corrupt": ({Kind.MALFORMED, Kind.GAP}, {2, 3}),
    "jump_back": ({Kind.JUMPED_BACK, Kind.GAP}, {2, 3}),
    "late": ({Kind.LATE}, set()),
}


async def test_each_fault_is_found_by_its_name_and_only_slots_without_registers_get_no_flow(tmp_path: Path) -> None:
    epoch_s = int(time.time()) + 3
    homes = dict(zip(FAULTS, HOMES, strict=True))
    async with running_broker() as port:
        database = open_database(tmp_path / "dso.sqlite", "chain", "grid")
        readings, findings = Readings(database), Findings()
        members = Members([Member("grid", home.encode(), f"VDG-{home}", 0) for home in homes.values()])
        collector = Collector(
            BrokerAddress(url=f"mqtt://dso@127.0.0.1:{port}"),
            TimeRules(SlotClock(epoch_s, 1), tolerance_s=0.5, late_s=0.8),
            members,
            readings,
            findings,
            lambda slot: None,
        )
        task = asyncio.create_task(collector.run())
        command = [sys.executable, "-m", "emulator", "--broker", f"mqtt://127.0.0.1:{port}", "--epoch", str(epoch_s)]
        command += ["--slot-seconds", "1", "--slots", str(SLOTS), "--homes", "8"]
        for fault, home in homes.items():
            command += ["--fault", f"{fault}:{home}:{1 if fault == 'late' else 2}-2"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        await until(lambda: findings.counts[Kind.UNKNOWN_METER] == 2 * (SLOTS + 1))
        task.cancel()
    for fault, (kinds, without_flow) in FAULTS.items():
        meter = f"VDG-{homes[fault]}"
        found = {f["kind"] for f in findings.recent if homes[fault] in str(f["meter"])}
        missing = {slot for slot in range(SLOTS) if meter not in readings.flows_wh(slot)}
        assert (fault, found, missing) == (fault, kinds, without_flow)
    database.close()
