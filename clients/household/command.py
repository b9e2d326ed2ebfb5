"""The commands ``vdg household run`` and ``vdg household status``."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from clients.common.configuration import ConfigurationError, read_configuration
from clients.common.errors import ChainError
from clients.household.configuration import HouseholdConfiguration
from clients.household.refusing import EXIT_BAD_INPUT, refusals
from clients.household.service import Service
from clients.household.status import read_status

EXIT_FAILED = 1

Config = Annotated[Path, typer.Option("--config", help="The YAML file; config/household.yaml is a sample.")]
household_command = typer.Typer(no_args_is_help=True, help="The agents of homes: trade, steer, settle.")


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@household_command.command("run")
def run_command(
    config: Config, log_level: Annotated[Level, typer.Option("--log-level", help="How much is logged.")] = Level.INFO
) -> None:
    """Trade for the homes of a file until interrupted; a restart goes on where it was."""
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        service = Service(read_configuration(config, HouseholdConfiguration))
        uvloop.run(service.run())
    except ConfigurationError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_BAD_INPUT) from None
    except ChainError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None


@household_command.command("status")
def status_command(
    config: Config, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """What the agent of a file has contracted, settled and is worried about; it may be running meanwhile."""
    with refusals():
        status = read_status(read_configuration(config, HouseholdConfiguration))
    if as_json:
        typer.echo(json.dumps([home._asdict() for home in status]))
        return
    typer.echo(f"{'home':16} {'slots':>5} {'bill eur':>10} {'bought Wh':>9} {'sold Wh':>8}  alarm")
    for home in status:
        when = datetime.fromtimestamp(home.alarm_time_s, UTC).isoformat() if home.alarm else ""
        bill = home.bill_neur / 1e9
        typer.echo(
            f"{home.home:16} {home.settled_slots:5} {bill:10.4f} {home.bought_wh:9} {home.sold_wh:8}  "
            f"{when} {home.alarm}".rstrip()
        )
        for text in home.relaxed:
            typer.echo(f"{'':16} relaxed: {text}")
        for ahead, mean in home.forecast_errors.items():
            if mean["slots"]:
                typer.echo(
                    f"{'':16} forecasts {ahead} slots ahead are off by {mean['load_wh']:.0f} Wh of load and "
                    f"{mean['pv_wh']:.0f} Wh of PV a slot (mean of {mean['slots']})"
                )
