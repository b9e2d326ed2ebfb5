"""``python -m emulator.devices``: a car charger, a heat pump and a plug of one home, over MQTT."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from typing import Annotated, Any

import typer

from emulator.broker_url import BrokerUrl
from emulator.car_charger import EmulatedCarCharger, Visit
from emulator.clock import Clock
from emulator.device import EmulatedDevice
from emulator.device_link import DeviceLink
from emulator.heat_pump import EmulatedHeatPump
from emulator.plug import EmulatedPlug
from emulator.units import SLOT_MS, SLOTS_A_DAY
from wire.device import CarChargerRating, HeatRating, PlugRating
from wire.mqtt import Topics

DAY_MS = SLOTS_A_DAY * SLOT_MS
HOUR_MS = 6 * SLOT_MS
VISIT_DAYS = 365


def equipment(clock: Clock, now_ms: int, interval_s: int) -> list[EmulatedDevice[Any]]:
    """What one home has: slot 0 is midnight. A car that comes at 17:30 with 20 of 50 kWh and needs 15 more by 7:00; a
    2.4 kW heat pump of COP 3.2 with 12 kWh of store; a washing machine of 2 kW at 10:00 and 19:00."""
    first_day = now_ms // DAY_MS - 1
    visits = [
        Visit(day * DAY_MS + 35 * HOUR_MS // 2, (day + 1) * DAY_MS + 7 * HOUR_MS, 20_000, 50_000, 15_000)
        for day in range(first_day, first_day + VISIT_DAYS)
    ]
    heat_w = [1_800 if 36 <= slot < 54 or 102 <= slot < 132 else 700 for slot in range(SLOTS_A_DAY)]
    wash_w = [2_000 if slot in (60, 61, 114, 115) else 3 for slot in range(SLOTS_A_DAY)]
    return [
        EmulatedCarCharger(
            CarChargerRating(device="car", kind="car_charger", min_w=1_380, max_w=7_360, interval_s=interval_s),
            clock,
            now_ms,
            visits,
        ),
        EmulatedHeatPump(
            HeatRating(
                device="heat",
                kind="heat_pump",
                min_w=600,
                max_w=2_400,
                interval_s=interval_s,
                cop_permille=3_200,
                comfort_min_wh=3_000,
                comfort_max_wh=10_000,
                store_max_wh=12_000,
            ),
            clock,
            now_ms,
            6_000,
            heat_w,
        ),
        EmulatedPlug(
            PlugRating(device="washer", kind="plug", min_w=0, max_w=2_300, interval_s=interval_s),
            clock,
            now_ms,
            wash_w,
        ),
    ]


async def serve(links: list[DeviceLink]) -> None:
    """Runs devices until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    running = [asyncio.create_task(link.run()) for link in links]
    stop = asyncio.create_task(stopped.wait())
    done, _ = await asyncio.wait([*running, stop], return_when=asyncio.FIRST_COMPLETED)
    for task in (*running, stop):
        task.cancel()
    await asyncio.gather(*running, stop, return_exceptions=True)
    for task in done - {stop}:
        task.result()


def main(
    home: Annotated[str, typer.Option(help="The home's id.")] = "f01load00001",
    epoch: Annotated[int | None, typer.Option(help="Unix second at which slot 0 begins. [default: in 2 s]")] = None,
    slot_seconds: Annotated[int, typer.Option(help="Real seconds of a slot (ten emulated minutes).")] = 5,
    interval: Annotated[int, typer.Option(min=1, help="Stated seconds between two states at most.")] = 5,
    broker: Annotated[
        str, typer.Option(envvar="VDG_BROKER", help="mqtt://host:port or mqtts://user:password@host:port.")
    ] = "mqtt://127.0.0.1:1883",
    topic_root: Annotated[str, typer.Option(help="First part of every topic.")] = "vdg/v1",
) -> None:
    """Run a car charger, a heat pump and a plug of one home; slot 0 begins at midnight."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        clock = Clock(int(time.time()) + 2 if epoch is None else epoch, slot_seconds)
        url, topics = BrokerUrl.parse(broker), Topics(topic_root)
        devices = equipment(clock, clock.emulated_ms(time.time_ns()), interval)
    except ValueError as error:
        typer.echo(f"devices: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps({"event": "start", "home": home, "devices": [device.rating.device for device in devices]}))
    asyncio.run(serve([DeviceLink(url, topics, home, device) for device in devices]))


if __name__ == "__main__":
    typer.run(main)
