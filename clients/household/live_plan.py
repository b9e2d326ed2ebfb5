"""What homes plan right now, as their agent kept it, and the command ``vdg home plan``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from clients.common.configuration import read_configuration
from clients.common.json_file import STDIN
from clients.household.configuration import HomeSection, HouseholdConfiguration
from clients.household.database import Database
from clients.household.planner.command import solve_file
from clients.household.refusing import EXIT_BAD_INPUT, refusals
from clients.household.status import chosen_homes, existing_file

EXIT_NOTHING_KNOWN = 1
_MAX_ROWS = 50
_COLUMNS = {
    "load Wh": "load_wh",
    "PV Wh": "pv_wh",
    "contracted Wh": "contracted_wh",
    "to trade Wh": "wanted_wh",
    "flow Wh": "flow_wh",
    "battery Wh": "battery_wh",
}


def read_plans(configuration: HouseholdConfiguration, homes: Iterable[HomeSection]) -> list[dict[str, Any]]:
    """The newest plan of each home that has made one, with its name. Raises: ConfigurationError, sqlite3.Error."""
    database = Database.read_only(existing_file(configuration))
    try:
        kept = [(home.id, database.slots.plan(home.id)) for home in homes]
    finally:
        database.close()
    return [{"home": home} | json.loads(plan) for home, plan in kept if plan is not None]


def plan_command(
    file: Annotated[
        str,
        typer.Argument(metavar="[FILE.json]", help=f"Forecasts, prices and devices; {STDIN} reads standard input."),
    ] = "",
    config: Annotated[Path | None, typer.Option("--config", help="The YAML file of running agents instead.")] = None,
    home: Annotated[str, typer.Option(help="With --config, only this home. [default: all of the file]")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Find the cheapest plan for a home in a file, without a chain; or show what running homes plan.

    docs/planner.md describes the file. Limits that contradict each other don't stop it: the status is then "relaxed",
    and it says what gave. Exit code 2 means that the input has errors: all are listed on standard error.

    With --config, what the agent of that file planned last, from its own file, whether it runs or not.
    """
    if bool(file) == (config is not None):
        typer.echo("error: give either FILE.json, to solve one plan, or --config FILE, to see running homes'", err=True)
        raise typer.Exit(EXIT_BAD_INPUT)
    if config is None:
        solve_file(file, as_json)
        return
    with refusals():
        configuration = read_configuration(config, HouseholdConfiguration)
        plans = read_plans(configuration, chosen_homes(configuration, home))
    if as_json:
        typer.echo(json.dumps(plans, indent=2))
    else:
        for plan in plans:
            _print(plan, Console())
    if not plans:
        typer.echo("error: no plan is kept yet; agents plan once a slot while `vdg household run` runs", err=True)
        raise typer.Exit(EXIT_NOTHING_KNOWN)


def _print(plan: dict[str, Any], console: Console) -> None:
    """A plan for people, in at most fifty rows: flows summed over the slots of a row, energy after its last."""
    console.print(f"{plan['home']}, planned in slot {plan['made_in']}")
    slots = len(plan["load_wh"])
    together = max(1, -(-slots // _MAX_ROWS))
    table = Table("slots" if together > 1 else "slot", box=box.SIMPLE_HEAD)
    with_battery = any(energy is not None for energy in plan["energy_wh"])
    for heading in (*_COLUMNS, *(["energy Wh"] if with_battery else [])):
        table.add_column(heading, justify="right")
    for begin, end in pairwise([*range(0, slots, together), slots]):
        first, last = plan["first_slot"] + begin, plan["first_slot"] + end - 1
        cells = [str(sum(plan[column][begin:end])) for column in _COLUMNS.values()]
        cells += [str(plan["energy_wh"][end - 1])] if with_battery else []
        table.add_row(str(first) if first == last else f"{first}-{last}", *cells)
    console.print(table)
    for text in plan.get("relaxed", ()):
        console.print(f"relaxed: {text}", markup=False)
