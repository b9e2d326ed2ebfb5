"""The drivers of meter, inverter and battery with the emulated homes, over a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from clients.household.devices import Battery, Change, Inverter, Meter, Moment, Roster
from emulator import neighbourhood
from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.homes import DEFAULT_DAY, Home
from emulator.link import Link
from emulator.service import Service
from tests.devices.live import linked, until
from wire.mqtt import Topics

TOPICS = Topics()
NOON = 72


class Emulated:
    """One emulated home around noon, slots of one second."""

    def __init__(self, url: str, home: Home) -> None:
        service = Service(Clock(int(time.time()) + 1 - NOON, 1), [home], DEFAULT_DAY, 0, TOPICS, first_slot=NOON)
        link = Link(BrokerUrl.parse(url), TOPICS, service.receive)
        service.attach(link)
        self.linking = asyncio.create_task(link.run())
        self.living = asyncio.create_task(service.run())

    async def hang(self) -> None:
        """Stays connected and says nothing more."""
        self.living.cancel()
        await asyncio.wait([self.living])

    async def stop(self) -> None:
        """Goes away."""
        await self.hang()
        self.linking.cancel()
        await asyncio.wait([self.linking])


def _runs(battery: Battery, slot: int) -> Callable[[], bool]:
    return lambda: battery.state is not None and battery.state.slot >= slot


def _metered(meter: Meter, slot: int) -> Callable[[], bool]:
    return lambda: meter.flow is not None and meter.flow.last_slot >= slot


async def obeys(meter: Meter, inverter: Inverter, battery: Battery) -> None:
    """A power and a followed flow come true; slots that a busy machine slept through are tried again."""
    for _ in range(10):
        await until(lambda: battery.available)
        slot = battery.slot_at(time.time())
        assert slot is not None
        first, second = slot + 2, slot + 3
        power = battery.power(first, 1_000, Moment.now())
        follow = battery.follow(second, -300, Moment.now())
        await until(_runs(battery, first))
        in_force = battery.state
        accepted = {slot: order.set_point.sequence for slot, order in inverter.steering.accepted.items()}
        await until(_metered(meter, second))
        if in_force and in_force.slot == first and meter.flow and meter.flow.first_slot == second:
            assert (accepted[first], accepted[second]) == (power, follow)
            assert in_force.power_w == 1_000
            assert meter.flow.net_wh == -300
            return
    raise TimeoutError("the machine slept through ten slots")


async def test_the_emulated_battery_obeys_its_driver_hangs_goes_away_and_comes_back() -> None:
    home = next(home for home in neighbourhood(33) if home.kind == "pv_battery")
    meter, inverter = Meter(home.id, TOPICS), Inverter(home.id, TOPICS)
    battery = Battery(inverter, TOPICS)
    roster = Roster([meter, inverter, battery], TOPICS)
    changes: list[Change] = []
    roster.on_change(changes.append)
    async with EmbeddedBroker() as broker, linked(broker.url, roster):
        emulated = Emulated(broker.url, home)
        await until(lambda: battery.available and meter.available)
        await obeys(meter, inverter, battery)
        await emulated.hang()
        await until(lambda: not battery.available and not meter.available)
        assert (battery.unavailable_because or "").startswith("silent for")
        await emulated.stop()
        await until(lambda: "last will" in (battery.unavailable_because or ""))
        emulated = Emulated(broker.url, home)
        await until(lambda: battery.available and meter.available)
        battery_said = [change.kind.value for change in changes if change.device == "battery"]
        assert battery_said[:2] == ["available", "unavailable"]
        assert battery_said[-1] == "available"
        assert [device.refusals.last for device in roster.devices.values()] == [None] * 3
        await emulated.stop()


async def test_commands_wait_for_a_broker_that_is_away() -> None:
    home = next(home for home in neighbourhood(33) if home.kind == "pv_battery")
    inverter = Inverter(home.id, TOPICS)
    battery = Battery(inverter, TOPICS)
    roster = Roster([inverter, battery], TOPICS)
    broker = EmbeddedBroker()
    await broker.start()
    async with linked(broker.url, roster) as link:
        emulated = Emulated(broker.url, home)
        await until(lambda: battery.available)
        await broker.stop()
        await until(lambda: not link.connected.is_set())
        slot = battery.slot_at(time.time())
        assert slot is not None
        battery.power(slot + 40, 500, Moment.now())
        async with EmbeddedBroker(broker.port):
            await until(lambda: slot + 40 in inverter.steering.accepted)
            await emulated.stop()
