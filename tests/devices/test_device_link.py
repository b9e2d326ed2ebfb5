"""Emulated devices and their drivers over a real broker: set points, last will, reconnection."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from clients.household.devices import CarCharger, Change, HeatPump, Moment, Plug, Roster
from emulator.broker import EmbeddedBroker
from tests.devices.live import linked, until
from wire.mqtt import Topics

ROOT = Path(__file__).parents[2]
HOME = "f01load00001"
TOPICS = Topics()


async def devices(port: int) -> asyncio.subprocess.Process:
    """A process of three devices at 18:00: the car is there."""
    epoch_s = int(time.time()) - 18 * 6 * 10
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emulator.devices", "--home", HOME, "--slot-seconds", "10", "--interval", "2"),
        *("--epoch", str(epoch_s), "--broker", f"mqtt://127.0.0.1:{port}"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline())["devices"] == ["car", "heat", "washer"]
    return process


async def test_emulated_devices_obey_their_drivers_and_their_death_is_told_at_once() -> None:
    car, heat, plug = CarCharger(HOME, "car", TOPICS), HeatPump(HOME, "heat", TOPICS), Plug(HOME, "washer", TOPICS)
    roster = Roster([car, heat, plug], TOPICS)
    changes: list[Change] = []
    roster.on_change(changes.append)
    async with EmbeddedBroker() as broker, linked(broker.url, roster):
        process = await devices(broker.port)
        await until(lambda: car.available and heat.available and plug.available)
        assert car.state is not None
        assert car.state.connected
        until_s = int(time.time()) + 60
        car.set_power(2_000, until_s, Moment.now())
        heat.set_power(800, until_s, Moment.now())
        plug.switch(False, until_s, Moment.now())
        await until(lambda: car.state is not None and car.state.set_w == 2_000 == car.state.power_w)
        await until(lambda: heat.state is not None and heat.state.set_w == 800 == heat.state.power_w)
        await until(lambda: plug.state is not None and not plug.state.on)
        car.release(Moment.now())
        await until(lambda: car.state is not None and car.state.set_w is None and car.state.power_w == 7_360)
        assert [device.refusals.last for device in roster.devices.values()] == [None] * 3

        process.kill()
        await process.wait()
        await until(lambda: "last will" in (car.unavailable_because or ""))
        process = await devices(broker.port)
        await until(lambda: car.available and heat.available and plug.available)
        process.terminate()
        assert await process.wait() == 0
        await until(lambda: not car.available)
    told = [change.kind.value for change in changes if change.device == "washer"]
    assert told[0] == "available"
    assert "unavailable" in told
