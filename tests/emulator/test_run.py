"""The neighbourhood as its own process, over real MQTT."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiomqtt import Client

from emulator import neighbourhood
from emulator.broker import EmbeddedBroker
from emulator.shadow import shadow_day
from wire.mqtt import History, Nameplate, Reading, SetPoint, Status, StatusCode, Telemetry, Topics, decode

ROOT = Path(__file__).parents[2]
TOPICS = Topics()
DEADLINE_S = 60


class Ear:
    """Everything that was published, by topic."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: dict[str, list[bytes]] = defaultdict(list)

    async def until(self, done: Callable[[], bool]) -> None:
        """Listens until a condition holds."""
        async with asyncio.timeout(DEADLINE_S):
            while not done():
                message = await anext(self.client.messages)
                assert isinstance(message.payload, bytes)
                self.heard[str(message.topic)].append(message.payload)

    def readings(self, home: str) -> list[Reading]:
        """All readings of a home."""
        return [decode(Reading, payload) for payload in self.heard[TOPICS.reading(home)]]

    def statuses(self, home: str) -> list[Status]:
        """All answers of a home."""
        return [decode(Status, payload) for payload in self.heard[TOPICS.status(home)]]


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[Ear]:
    async with Client("127.0.0.1", port) as client:
        await client.subscribe("vdg/v1/#", qos=1)
        yield Ear(client)


async def emulator(port: int, *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "emulator", "--broker", f"mqtt://127.0.0.1:{port}", "--slot-seconds", "1", "--json", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=dict(os.environ),
    )


async def test_every_meter_reports_every_slot_once_in_order_and_as_the_shadow_says() -> None:
    async with EmbeddedBroker() as broker, listening(broker.port) as ear:
        process = await emulator(broker.port, "--homes", "33", "--slots", "3", "--fault", "drop:f01load00002:1")
        online = TOPICS.online()
        await ear.until(lambda: ear.heard[online] == [b"true", b"false"])
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
        for home in neighbourhood(33):
            readings = ear.readings(home.id)
            if home.id == "f01load00002":
                assert [reading.slot for reading in readings] == [-1, 0, 2]
                continue
            assert [reading.slot for reading in readings] == [-1, 0, 1, 2]
            assert [reading.sequence for reading in readings] == [0, 1, 2, 3]
            assert {reading.meter for reading in readings} == {home.meter}
            net = [reading.import_wh - reading.export_wh for reading in readings]
            assert [after - before for before, after in itertools.pairwise(net)] == shadow_day(home, 3)
            plate = decode(Nameplate, ear.heard[TOPICS.nameplate(home.id)][0])
            assert (plate.kind, plate.pv_wp, plate.slot_seconds) == (home.kind, home.pv_wp, 1)
            assert [reading.time_s - plate.epoch_s for reading in readings] == [0, 1, 2, 3]
            assert len(decode(History, ear.heard[TOPICS.history(home.id)][0]).load_wh) == 144
            powers = [decode(Telemetry, payload) for payload in ear.heard[TOPICS.telemetry(home.id)]]
            assert [power.slot for power in powers] == sorted(power.slot for power in powers)
            assert {power.slot for power in powers} == {0, 1, 2}
            for power in powers:
                assert power.grid_w == power.load_w - (power.pv_w - power.curtailed_w) - power.battery_w
        lines = [json.loads(line) for line in out.splitlines()]
        assert [line["event"] for line in lines] == ["start", "slot", "slot", "slot"]
        assert len(lines[0]["homes"]) == lines[1]["readings"] == 33


async def test_set_points_are_obeyed_and_each_is_answered() -> None:
    name = "f01load00001"
    topic = TOPICS.set_point(name)
    async with EmbeddedBroker() as broker, listening(broker.port) as ear:
        await ear.client.publish(topic, SetPoint(sequence=99, slot=0, mode="self").encode(), qos=1, retain=True)
        epoch_s = int(time.time()) + 4
        process = await emulator(broker.port, "--homes", "2", "--slots", "2", "--epoch", str(epoch_s))
        await ear.until(lambda: ear.heard[TOPICS.online()] == [b"true"])
        await ear.client.publish(topic, SetPoint(sequence=1, slot=0, mode="follow", grid_wh=-210).encode(), qos=1)
        await ear.client.publish(topic, SetPoint(sequence=1, slot=1, mode="self").encode(), qos=1)
        await ear.client.publish(topic, b'{"mode":', qos=1)
        await ear.client.publish(TOPICS.set_point("f01load00002"), b'{"sequence":1,"slot":0,"mode":"self"}', qos=1)
        await ear.client.publish(TOPICS.set_point("nobody"), b"{}", qos=1)
        await ear.until(lambda: [reading.slot for reading in ear.readings(name)] == [-1, 0])
        await ear.client.publish(topic, SetPoint(sequence=2, slot=0, mode="self").encode(), qos=1)
        await ear.until(lambda: ear.heard[TOPICS.online()] == [b"true", b"false"])
        _, err = await process.communicate()
        assert process.returncode == 0
        readings = ear.readings(name)
        assert readings[1].export_wh - readings[0].export_wh == 210
        assert readings[1].import_wh == readings[0].import_wh
        answers = dict.fromkeys((status.code, status.sequence) for status in ear.statuses(name))
        assert list(answers) == [
            (StatusCode.REPLAYED, 99),
            (StatusCode.ACCEPTED, 1),
            (StatusCode.REPLAYED, 1),
            (StatusCode.MALFORMED, None),
            (StatusCode.LATE, 2),
        ]
        assert [status.code for status in ear.statuses("f01load00002")] == [StatusCode.ACCEPTED]
        assert b"home is 'nobody'" in err


async def test_a_killed_emulator_goes_on_with_the_meters_it_had(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    epoch = str(int(time.time()) + 2)
    options = ("--homes", "3", "--slots", "6", "--epoch", epoch, "--state", state)
    async with EmbeddedBroker() as broker, listening(broker.port) as ear:
        process = await emulator(broker.port, *options)
        # Killed between a slot's readings, some of them would go out for the first time afterwards.
        await ear.until(lambda: all(len(ear.readings(home.id)) >= 3 for home in neighbourhood(3)))
        process.kill()
        await process.communicate()
        process = await emulator(broker.port, *options)
        await ear.until(lambda: bool(ear.readings("f01load00001")) and ear.readings("f01load00001")[-1].slot == 5)
        await ear.until(lambda: ear.heard[TOPICS.online()][-1:] == [b"false"] and len(ear.heard[TOPICS.online()]) > 3)
        await process.communicate()
        assert process.returncode == 0
        for home in neighbourhood(3):
            readings = ear.readings(home.id)
            distinct = list(dict.fromkeys(readings))
            assert len(readings) > len(distinct), "the last reading goes out again, in case it had not"
            assert [reading.slot for reading in distinct] == [-1, 0, 1, 2, 3, 4, 5]
            assert [reading.sequence for reading in distinct] == [0, 1, 2, 3, 4, 5, 6]


async def test_readings_wait_while_the_broker_is_away() -> None:
    first = EmbeddedBroker()
    await first.start()
    process = await emulator(first.port, "--homes", "1", "--slots", "4")
    async with listening(first.port) as ear:
        await ear.until(lambda: len(ear.readings("f01load00001")) == 2)
    await first.stop()
    async with EmbeddedBroker(first.port), listening(first.port) as later:
        await later.until(lambda: later.heard[TOPICS.online()][-1:] == [b"false"])
        out, _ = await process.communicate()
        assert process.returncode == 0
        slots = sorted({reading.slot for reading in [*ear.readings("f01load00001"), *later.readings("f01load00001")]})
        assert slots == [-1, 0, 1, 2, 3]
        assert len(out.splitlines()) == 5


async def test_sigterm_ends_it_cleanly_and_says_so_to_the_broker() -> None:
    async with EmbeddedBroker() as broker, listening(broker.port) as ear:
        process = await emulator(broker.port, "--homes", "1")
        await ear.until(lambda: ear.heard[TOPICS.online()] == [b"true"])
        process.send_signal(signal.SIGTERM)
        await ear.until(lambda: ear.heard[TOPICS.online()] == [b"true", b"false"])
        _, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")


async def test_its_own_broker_is_announced_with_its_port() -> None:
    process = await emulator(0, "--homes", "1", "--slots", "1", "--embedded-broker")
    assert process.stdout is not None
    start = json.loads(await process.stdout.readline())
    async with listening(int(start["broker"].rpartition(":")[2])) as ear:
        await ear.until(lambda: len(ear.readings("f01load00001")) == 2)
    await process.communicate()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--day", "02-30"], "day is '02-30'; give a day as MM-DD"),
        (["--homes", "0"], "homes is 0; give 1 to 10000"),
        (["--slot-seconds", "0"], "slot_seconds is 0; give 1 to 86400"),
        (["--broker", "tcp://x"], "broker URL has scheme 'tcp'"),
        (["--fault", "melt:h:1"], "fault kind is 'melt'"),
        (["--topic-root", "a/#"], "topic root is 'a/#'"),
        (["--data", "nowhere"], "homes.csv: can't be read"),
    ],
)
async def test_bad_options_are_named_and_end_with_code_2(options: list[str], fault: str) -> None:
    process = await emulator(1, *options)
    _, err = await process.communicate()
    assert process.returncode == 2
    assert fault in err.decode()
    assert "Traceback" not in err.decode()
