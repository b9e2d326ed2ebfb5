"""The command ``vdg rtc solve``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from clients.common.file_error import BadFile
from clients.common.file_refusal import refuse_file
from clients.common.json_file import STDIN
from clients.dso.control.law_name import LawName
from node.control_session.output import print_outcome, record_of
from node.control_session.read_file import read_session
from node.control_session.session import run_session


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
    except BadFile as bad:
        refuse_file(bad, file, as_json)
    outcome = run_session(read.session(law))
    if as_json:
        typer.echo(json.dumps(record_of(outcome, read), indent=2))
    else:
        print_outcome(outcome, read, Console())
