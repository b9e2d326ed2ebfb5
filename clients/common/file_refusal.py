"""How a command ends that was given a file with errors."""

from __future__ import annotations

import json
from typing import NoReturn

import typer

from clients.common.file_error import BadFile
from clients.common.json_file import STDIN

EXIT_BAD_INPUT = 2


def refuse_file(bad: BadFile, source: str, as_json: bool) -> NoReturn:
    """List all errors on standard error, and as JSON on standard output if that was asked for; exit with 2."""
    name = "standard input" if source == STDIN else source
    for error in bad.errors:
        typer.echo(error.as_text(name), err=True)
    if as_json:
        typer.echo(json.dumps({"errors": [error._asdict() for error in bad.errors]}, indent=2))
    raise typer.Exit(EXIT_BAD_INPUT) from None
