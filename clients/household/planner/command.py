"""The command ``vdg home plan``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from clients.household.planner.file_error import BadPlanFile
from clients.household.planner.output import print_plan, record_of
from clients.household.planner.planner import Planner
from clients.household.planner.read_file import STDIN, read_problem
from clients.household.planner.solver import PlanningFailed

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2


def plan_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE.json", help=f"Forecasts, prices and devices; {STDIN} reads standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Find the cheapest plan for a home. Needs no chain; docs/planner.md describes the file.

    Limits that contradict each other don't stop it: the status is then "relaxed", and it says what gave.
    Exit code 2 means that the file has errors: all are listed on standard error.
    """
    try:
        problem = read_problem(file)
        plan = Planner().plan(problem)
    except BadPlanFile as bad:
        source = "standard input" if file == STDIN else file
        for error in bad.errors:
            typer.echo(error.as_text(source), err=True)
        if as_json:
            typer.echo(json.dumps({"errors": [error._asdict() for error in bad.errors]}, indent=2))
        raise typer.Exit(EXIT_BAD_INPUT) from None
    except PlanningFailed as failure:
        typer.echo(f"error: {failure}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if as_json:
        typer.echo(json.dumps(record_of(plan), indent=2))
    else:
        print_plan(plan, problem, Console())
