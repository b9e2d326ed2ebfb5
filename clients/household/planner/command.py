"""The command ``vdg home plan`` for a file: one plan, without a chain."""

from __future__ import annotations

import json

import typer
from rich.console import Console

from clients.common.file_error import BadFile
from clients.common.file_refusal import refuse_file
from clients.household.planner.output import print_plan, record_of
from clients.household.planner.planner import Planner
from clients.household.planner.read_file import read_problem
from clients.household.planner.solver import PlanningFailed

EXIT_FAILED = 1


def solve_file(file: str, as_json: bool) -> None:
    """Solve the plan of a file and print it. Raises: typer.Exit, 2 for a file with errors, 1 if the solver gave up."""
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
