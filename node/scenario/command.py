"""The command ``vdg scenario run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from node.cli.exits import CommandError, Exit
from node.cli.output import JsonOption, print_json
from node.scenario.plan_reader import read_plan
from node.scenario.problem import ScenarioError
from node.scenario.runner import run
from node.scenario.text import lines_of

MAX_FILE_BYTES = 10 * 1024 * 1024


def run_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The scenario; see docs/scenarios.md.")],
    as_json: JsonOption = False,
) -> None:
    """Run a scenario with the real application, in this process. Needs no chain.

    Exit code 0: all expectations hold; 1: some do not; 2: the file has errors, and all are listed.
    """
    try:
        record = run(read_plan(_text(file)))
    except ScenarioError as error:
        for problem in error.problems:
            typer.echo(problem.as_text(str(file)), err=True)
        if as_json:
            print_json({"errors": [problem._asdict() for problem in error.problems]})
        raise typer.Exit(Exit.BAD_INPUT) from None
    if as_json:
        print_json(record.as_json())
    else:
        for line in lines_of(record, str(file)):
            typer.echo(line)
    if record.failures:
        raise typer.Exit(Exit.FAILURE)


def _text(file: Path) -> str:
    """Raises: CommandError when the file can't be read."""
    try:
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            message = f"{file} has {size} bytes: a scenario has at most {MAX_FILE_BYTES}; split it"
            raise CommandError(message, Exit.BAD_INPUT)
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8 ({error}): save it as UTF-8", Exit.BAD_INPUT) from None
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}", Exit.BAD_INPUT) from error
