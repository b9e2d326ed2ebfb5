"""The emulated neighbourhood's meters, each with a fault: what the collection calls it, and which slots get no flow."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from clients.common.broker import BrokerAddress
from clients.common.slots import SlotClock
from clients.dso.collector.check import TimeRules
from clients.dso.collector.collector import Collector
from clients.dso.collector.readings import Readings
from clients.dso.collector.recalls import RecallRules, Recalls
from clients.dso.database import open_database
from clients.dso.findings import Findings, Kind
from clients.dso.members import Members
from tests.dso.mqtt_broker import running_broker
from tests.dso.waiting import until
from wire.grid import Member

ROOT = Path(__file__).parents[2]
SLOTS = 6
HOMES = ["f01load00001", "f01load00002", "f01load00005", "f01load00003", "f01load00004", "f01load00006"]
HOMES += ["f01load00008"]
# Of slot 2; the late one of slots 1 and 2, so that the first of them is a slot late.
FAULTS = {
    "drop": ({Kind.GAP, Kind.LATE, Kind.GAP_FILLED}, set()),
    "delay": ({Kind.GAP, Kind.LATE, Kind.GAP_FILLED}, set()),
    "duplicate": ({Kind.DUPLICATE}, set()),
    "corrupt": ({Kind.MALFORMED, Kind.GAP, Kind.LATE, Kind.GAP_FILLED}, set()),
    "jump_back": ({Kind.JUMPED_BACK, Kind.GAP}, {2, 3}),
    "late": ({Kind.LATE}, set()),
    "forget": ({Kind.GAP, Kind.GAP_LOST}, {2, 3}),
}


async def test_each_fault_is_found_by_its_name_and_only_slots_without_registers_get_no_flow(tmp_path: Path) -> None:
    epoch_s = int(time.time()) + 3
    homes = dict(zip(FAULTS, HOMES, strict=True))
    async with running_broker() as port:
        database = open_database(tmp_path / "dso.sqlite", "chain", "grid")
        readings, findings = Readings(database), Findings()
        members = Members([Member("grid", home.encode(), f"VDG-{home}", 0) for home in homes.values()])
        clock = SlotClock(epoch_s, 1)
        collector = Collector(
            BrokerAddress(url=f"mqtt://dso@127.0.0.1:{port}"),
            TimeRules(clock, tolerance_s=0.5, late_s=0.8),
            members,
            readings,
            findings,
            lambda slot: None,
            # Asked for when the next reading has shown the gap.
            recalls=Recalls(RecallRules.of(clock, SLOTS, grace_s=1.2), members, readings, findings),
        )
        task = asyncio.create_task(collector.run())
        command = [sys.executable, "-m", "emulator", "--broker", f"mqtt://127.0.0.1:{port}", "--epoch", str(epoch_s)]
        command += ["--slot-seconds", "1", "--slots", str(SLOTS), "--homes", "8"]
        for fault, home in homes.items():
            command += ["--fault", f"{fault}:{home}:{1 if fault == 'late' else 2}-2"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        await until(lambda: findings.counts[Kind.UNKNOWN_METER] == SLOTS + 1)
        task.cancel()
        await asyncio.wait({task})
    for fault, (kinds, without_flow) in FAULTS.items():
        meter = f"VDG-{homes[fault]}"
        found = {f["kind"] for f in findings.recent if homes[fault] in str(f["meter"])}
        missing = {slot for slot in range(SLOTS) if meter not in readings.flows_wh(slot)}
        assert (fault, found, missing) == (fault, kinds, without_flow)
    database.close()


async def test_kill_9_of_collector_and_emulator_and_a_broker_that_forgets_lose_no_reading(tmp_path: Path) -> None:
    epoch_s, slots = int(time.time()) + 2, 6
    emulating = [*("--slot-seconds", "1", "--homes", "2"), *("--state", str(tmp_path / "state"))]
    processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(name: str, *command: str) -> None:
        processes[name] = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.DEVNULL, cwd=ROOT)

    def kill_all() -> None:
        for process in processes.values():
            process.kill()
            process.wait()

    async def in_the_middle_of(slot: int) -> None:
        await asyncio.sleep(max(0.0, epoch_s + slot + 0.5 - time.time()))

    try:
        async with running_broker() as port:
            emulator = ("emulator", "--broker", f"mqtt://127.0.0.1:{port}", "--epoch", str(epoch_s), *emulating)
            collector = ("tests.dso.collector_process", str(tmp_path), str(port), str(epoch_s), str(slots))
            start("emulator", *emulator)
            start("collector", *collector)
            await in_the_middle_of(1)
            processes["collector"].kill()
            processes["collector"].wait()
            # The ends of two slots are kept by the broker alone; meters that start send their last one by themselves.
            await in_the_middle_of(3)
        kill_all()
        async with running_broker(port):
            start("emulator", *emulator)
            start("collector", *collector)
            await in_the_middle_of(5)
        async with running_broker(port):
            # It ends when all is there.
            assert await asyncio.to_thread(processes["collector"].wait, 40) == 0
    finally:
        kill_all()
    kinds = {json.loads(line)["kind"] for line in (tmp_path / "findings.jsonl").read_text().splitlines()}
    allowed = {Kind.GAP, Kind.GAP_FILLED, Kind.LATE, Kind.BROKER_UNAVAILABLE, Kind.DUPLICATE}
    assert kinds <= allowed
    database = open_database(tmp_path / "dso.sqlite", "chain", "grid")
    with closing(database):
        for slot in range(slots):
            assert set(Readings(database).flows_wh(slot)) == {"VDG-f01load00001", "VDG-f01load00002"}
