"""The command ``vdg phases allocate``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from clients.common.file_error import FileError
from clients.dso.phases.allocation import Allocation, allocate
from clients.dso.phases.case import MAX_BYTES, Case, parse_case
from clients.dso.phases.file_fault import BadPhasesFile

STDIN = "-"
EXIT_BAD_INPUT = 2


def allocate_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE.json", help=f"Homes and commitments; {STDIN} reads standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Allocate switched homes to phases for one slot. Needs no chain; docs/phases.md describes the file.

    The status "optimal" is proven; "feasible" comes with a gap, by which something better might be found.
    Exit code 2 means that the file has errors: all are listed on standard error.
    """
    try:
        case = parse_case(_bytes(file))
    except BadPhasesFile as bad:
        source = "standard input" if file == STDIN else file
        for fault in bad.faults:
            typer.echo(fault.as_text(source), err=True)
        if as_json:
            typer.echo(json.dumps({"errors": [fault._asdict() for fault in bad.faults]}, indent=2))
        raise typer.Exit(EXIT_BAD_INPUT) from None
    allocation = allocate(*case)
    if as_json:
        typer.echo(json.dumps(record_of(allocation), indent=2))
    else:
        _print(allocation, case, Console())


def record_of(allocation: Allocation) -> dict[str, Any]:
    """What ``--json`` prints: see docs/phases.md."""
    return {
        "status": allocation.status.value,
        "gap_wh2": float(allocation.gap_wh2),
        "phases": allocation.phases,
        "objective": {name: float(value) for name, value in allocation.objective_wh2.items()},
        "objective_before": {name: float(value) for name, value in allocation.before_wh2.items()},
        "switchings": allocation.switchings,
    }


def _bytes(file: str) -> bytes:
    try:
        if file == STDIN:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        way_out = f"name a readable JSON file, or {STDIN} for standard input"
        raise BadPhasesFile([FileError("file", "", f"can't be read ({reason})", way_out)]) from error


def _print(allocation: Allocation, case: Case, console: Console) -> None:
    gap = f", within {float(allocation.gap_wh2):.2f} Wh² of the best" if allocation.gap_wh2 else ""
    console.print(f"status {allocation.status.value}{gap}", markup=False, highlight=False)
    feeders = Table("feeder", box=box.SIMPLE_HEAD)
    feeders.add_column("before Wh²", justify="right")
    feeders.add_column("after Wh²", justify="right")
    for name, value in allocation.objective_wh2.items():
        feeders.add_row(_plain(name), f"{float(allocation.before_wh2[name]):.2f}", f"{float(value):.2f}")
    console.print(feeders)
    if not allocation.switchings:
        console.print("nobody switches")
        return
    homes = Table("home", "from", "to", box=box.SIMPLE_HEAD)
    homes.add_column("commitment Wh", justify="right")
    by_id = {home.id: home for home in case.households}
    for name in allocation.switchings:
        home = by_id[name]
        homes.add_row(_plain(name), home.phase, allocation.phases[name], str(home.commitment_wh))
    console.print(homes)


def _plain(name: str) -> str:
    return name.replace("[", r"\[")
