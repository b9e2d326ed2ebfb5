"""``python -m emulator``: the neighbourhood in real time."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl
from emulator.clock import Clock
from emulator.faults import Fault, Faults
from emulator.flexible import flexible_devices
from emulator.homes import DEFAULT_DAY, neighbourhood
from emulator.link import Link
from emulator.scenario import NETWORKS, Scenario, homes_of
from emulator.service import Service
from emulator.slot_summary import SlotSummary
from emulator.state import load
from emulator.station import NETWORK, Station
from wire.mqtt import Topics

BAD_INPUT = 2


def _print_slot(slot: SlotSummary) -> None:
    typer.echo(json.dumps({"event": "slot"} | asdict(slot)))


async def serve(service: Service, url: BrokerUrl, embedded: bool, as_json: bool) -> None:
    """Runs a service, its link and perhaps a broker until the slots are over or a signal comes."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        if embedded:
            broker = await stack.enter_async_context(EmbeddedBroker(url.port))
            url = BrokerUrl.parse(broker.url)
        link = Link(url, service.topics, service.receive)
        service.attach(link)
        if as_json:
            typer.echo(json.dumps({"event": "start", "broker": str(url), "homes": list(service.households)}))
        linking = asyncio.create_task(link.run())
        speaking = [asyncio.create_task(each.run()) for each in service.device_links(url)]
        work = asyncio.create_task(service.run())
        stop = asyncio.create_task(stopped.wait())
        await asyncio.wait({linking, work, stop}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, linking, stop, *speaking):
            task.cancel()
        results = await asyncio.gather(work, linking, *speaking, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result


def main(
    slot_seconds: Annotated[int, typer.Option(help="Real seconds of a slot (ten emulated minutes).")] = 5,
    epoch: Annotated[int | None, typer.Option(help="Unix second at which slot 0 begins. [default: in 2 s]")] = None,
    day: Annotated[str, typer.Option(help="The day to live, MM-DD.")] = DEFAULT_DAY,
    day_slot: Annotated[int, typer.Option(min=0, help="The slot that is that day's midnight.")] = 0,
    first_slot: Annotated[int, typer.Option(min=0, help="The slot in which the homes begin.")] = 0,
    homes: Annotated[int, typer.Option(help="Number of homes.")] = 33,
    scenario: Annotated[
        Scenario | None, typer.Option(help="The homes and the network of a chapter of the thesis, instead of --homes.")
    ] = None,
    switched: Annotated[
        list[str] | None, typer.Option("--switch", help="A home with a phase switch, repeatable.")
    ] = None,
    stuck: Annotated[
        list[str] | None, typer.Option("--stuck-switch", help="One whose switch doesn't move, repeatable.")
    ] = None,
    slots: Annotated[int | None, typer.Option(min=1, help="End after so many slots. [default: never]")] = None,
    broker: Annotated[
        str, typer.Option(envvar="VDG_BROKER", help="mqtt://host:port or mqtts://user:password@host:port.")
    ] = "mqtt://127.0.0.1:1883",
    embedded_broker: Annotated[bool, typer.Option(help="Run a broker here, on the URL's port (0: any).")] = False,
    topic_root: Annotated[str, typer.Option(help="First part of every topic.")] = "vdg/v1",
    data: Annotated[Path | None, typer.Option(help="Folder of own CSV files. [default: the built-in year]")] = None,
    battery_wh: Annotated[int | None, typer.Option(help="Size of every battery. [default: the data's]")] = None,
    state: Annotated[Path | None, typer.Option(help="File that lets a restart go on where it was.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="KIND:HOME:FIRST-LAST[:AMOUNT], repeatable.")] = None,
    devices: Annotated[int, typer.Option(min=0, help="So many homes have a car, heat pump or the like.")] = 0,
    device_interval: Annotated[int, typer.Option(min=1, help="Seconds between two states of a device at most.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line for the start and each slot.")] = False,
) -> None:
    """Run the emulated neighbourhood: meters and inverters of all homes, over MQTT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        dwellings = homes_of(scenario, day) if scenario else neighbourhood(homes, day, data, battery_wh)
        clock = Clock(int(time.time()) + 2 if epoch is None else epoch, slot_seconds)
        service = Service(
            clock=clock,
            homes=dwellings,
            day=day,
            day_slot=day_slot,
            first_slot=first_slot,
            topics=Topics(topic_root),
            slots=slots,
            station=Station.of(dwellings, NETWORKS[scenario] if scenario else NETWORK),
            switched=(*(switched or ()), *(stuck or ())),
            stuck=tuple(stuck or ()),
            faults=Faults([Fault.parse(text) for text in fault or []]),
            state_path=state,
            devices=flexible_devices(dwellings, devices, clock, device_interval, day_slot, first_slot),
        )
        if as_json:
            service.report = _print_slot
        saved = load(state, service.run_key) if state else None
        if saved:
            service.restore(saved)
        asyncio.run(serve(service, BrokerUrl.parse(broker), embedded_broker, as_json))
    except (ValueError, OSError) as error:
        typer.echo(f"emulator: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error


if __name__ == "__main__":
    typer.run(main)
