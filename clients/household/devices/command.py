"""Watching a home's devices: what the drivers believe, and what they refuse."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from typing import Annotated

import typer
from pydantic import ValidationError

from clients.common.broker import BrokerAddress
from clients.common.configuration import ConfigurationError
from clients.household.devices.battery import Battery
from clients.household.devices.car_charger import CarCharger
from clients.household.devices.change import Change
from clients.household.devices.device import Device
from clients.household.devices.heat_pump import HeatPump
from clients.household.devices.inverter import Inverter
from clients.household.devices.link import DeviceLink
from clients.household.devices.meter import Meter
from clients.household.devices.plug import Plug
from clients.household.devices.roster import Roster
from wire.mqtt import Topics

BAD_INPUT = 2
_KINDS: dict[str, type[CarCharger] | type[HeatPump] | type[Plug]] = {
    "car_charger": CarCharger,
    "heat_pump": HeatPump,
    "water_heater": HeatPump,
    "plug": Plug,
}


def drivers(home: str, listed: list[str], topics: Topics) -> list[Device]:
    """The home's meter, inverter and battery, and the devices listed as KIND:ID. Raises: ValueError for others."""
    inverter = Inverter(home, topics)
    made: list[Device] = [Meter(home, topics), inverter, Battery(inverter, topics)]
    for item in listed:
        kind, _, name = item.partition(":")
        if kind not in _KINDS or not name or "/" in name:
            raise ValueError(f"--device is {item!r}; give KIND:ID with a kind of {', '.join(_KINDS)}")
        made.append(_KINDS[kind](home, name, topics))
    return made


async def watch(broker: BrokerAddress, roster: Roster, seconds: float | None, as_json: bool) -> None:
    """Print changes until the time is over or a signal comes, then how all devices stand."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    def show(change: Change) -> None:
        if as_json:
            typer.echo(json.dumps({"event": "change"} | change._asdict()))
        else:
            typer.echo(f"{change.home}/{change.device}: {change.kind.value}: {change.reason}")

    roster.on_change(show)
    running = asyncio.create_task(DeviceLink(broker, roster).run())
    stop = asyncio.create_task(stopped.wait())
    await asyncio.wait({running, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, stop):
        task.cancel()
    await asyncio.gather(running, stop, return_exceptions=True)
    for report in roster.report():
        if as_json:
            typer.echo(json.dumps({"event": "device"} | report._asdict()))
        else:
            refused = ", ".join(f"{count} {fault}" for fault, count in report.refused.items()) or "none"
            standing = report.unavailable_because or "available"
            typer.echo(f"{report.home}/{report.device}: {standing}; refused messages: {refused}")
            if report.last_refusal:
                typer.echo(f"  the last: {report.last_refusal}")


def main(
    home: Annotated[str, typer.Option(help="The home's id.")],
    device: Annotated[list[str] | None, typer.Option(help="KIND:ID, repeatable; meter and battery are there.")] = None,
    broker: Annotated[str, typer.Option(help="mqtt://[user@]host[:port] or mqtts://…")] = "mqtt://127.0.0.1:1883",
    password_env: Annotated[str | None, typer.Option(help="Variable with the broker's password.")] = None,
    topic_root: Annotated[str, typer.Option(help="First part of every topic.")] = "vdg/v1",
    seconds: Annotated[float | None, typer.Option(min=0, help="End after so long. [default: never]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Show what the drivers of a home's devices believe, and what they refuse."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        address = BrokerAddress(url=broker, password_env=password_env, topic_root=topic_root)
        topics = Topics(topic_root)
        asyncio.run(watch(address, Roster(drivers(home, device or [], topics), topics), seconds, as_json))
    except ValidationError as error:
        for item in error.errors(include_url=False):
            typer.echo(f"devices: {'.'.join(map(str, item['loc']))} is {item['input']!r}: {item['msg']}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    except (ConfigurationError, ValueError) as error:
        typer.echo(f"devices: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
