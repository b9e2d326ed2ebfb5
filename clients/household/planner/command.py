"""The command ``vdg home plan``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from clients.common.file_error import BadFile
from clients.common.file_refusal import refuse_file
from clients.common.json_file import STDIN
from clients.household.planner.output import print_plan, record_of
from clients.household.planner.planner import Planner
from clients.household.planner.read_file import read_problem
from clients.household.planner.solver import PlanningFailed

EXIT_FAILED = 1


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
    except BadFile as bad:
        refuse_file(bad, file, as_json)
    except PlanningFailed as failure:
        typer.echo(f"error: {failure}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if as_json:
        typer.echo(json.dumps(record_of(plan), indent=2))
    else:
        print_plan(plan, problem, Console())
