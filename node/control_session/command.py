"""The command ``vdg rtc solve``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from node.control_session.file_error import BadSessionFile
from node.control_session.output import print_outcome, record_of
from node.control_session.read_file import STDIN, read_session
from node.control_session.session import LawName, run_session

EXIT_BAD_INPUT = 2


def solve_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE.json", help=f"PCCs, homes and options; {STDIN} reads standard input.")
    ],
    law: Annotated[
        LawName, typer.Option(help="How the DSO finds the next signal: our secant, or the thesis's (6.21).")
    ] = LawName.SECANT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Run one session of real-time control. Needs no chain; docs/rtc.md describes the file.

    The status is "converged", "unattainable" (with the closest that homes can reach) or "not_converged".
    Exit code 2 means that the file has errors: all are listed on standard error.
    """
    try:
        read = read_session(file)
    except BadSessionFile as bad:
        for error in bad.errors:
            typer.echo(error.as_text("standard input" if file == STDIN else file), err=True)
        if as_json:
            typer.echo(json.dumps({"errors": [error._asdict() for error in bad.errors]}, indent=2))
        raise typer.Exit(EXIT_BAD_INPUT) from None
    outcome = run_session(read.session(law))
    if as_json:
        typer.echo(json.dumps(record_of(outcome, read), indent=2))
    else:
        print_outcome(outcome, read, Console())
