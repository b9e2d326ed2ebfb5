"""What every command's output has in common."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def note(line: str) -> None:
    """Tell about progress on standard error, so that standard output holds results alone."""
    print(line, file=sys.stderr, flush=True)
