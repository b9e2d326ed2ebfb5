"""The command ``vdg phases allocate``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from clients.common.file_error import BadFile
from clients.common.file_refusal import refuse_file
from clients.common.json_file import STDIN
from clients.dso.phases.allocation import Allocation, allocate
from clients.dso.phases.case import KIND, Case, parse_case


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
        case = parse_case(KIND.read(file))
    except BadFile as bad:
        refuse_file(bad, file, as_json)
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
