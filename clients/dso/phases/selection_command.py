"""The command ``vdg phases select``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from clients.common.file_error import BadFile
from clients.common.file_refusal import refuse_file
from clients.common.json_file import STDIN
from clients.dso.phases.selection import Method, Selection, select
from clients.dso.phases.selection_case import KIND, SelectionCase, parse_selection


def select_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE.json", help=f"Homes and their average flows; {STDIN} reads standard input.")
    ],
    method: Annotated[
        Method | None, typer.Option(help="How homes are selected, instead of what the file says. [default: hybrid]")
    ] = None,
    switches: Annotated[int | None, typer.Option(min=0, help="How many switches there are, likewise.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Select the homes that should get a phase switch. Needs no chain; docs/phases.md describes the file.

    Exit code 2 means that the file has errors: all are listed on standard error.
    """
    try:
        case = parse_selection(KIND.read(file))
    except BadFile as bad:
        refuse_file(bad, file, as_json)
    how = method or case.method
    many = case.switches if switches is None else switches
    selection = select(case.candidates, many, how, case.voltages_v, case.mean_vuf_percent)
    if as_json:
        record = {
            "method": how.value,
            "status": selection.status.value if selection.status else None,
            "selected": [chosen._asdict() for chosen in selection.chosen],
        }
        typer.echo(json.dumps(record, indent=2))
    else:
        _print(selection, how, many, case, Console())


def _print(selection: Selection, how: Method, many: int, case: SelectionCase, console: Console) -> None:
    found = f"{len(selection.chosen)} of {many} switches placed by {how.value}"
    found += f", allocation {selection.status.value}" if selection.status else ""
    console.print(found, markup=False, highlight=False)
    if not selection.chosen:
        return
    table = Table("home", "feeder", "phase", box=box.SIMPLE_HEAD)
    table.add_column("average Wh", justify="right")
    table.add_column("why")
    by_id = {home.id: home for home in case.households}
    for name, reason in selection.chosen:
        home = by_id[name]
        table.add_row(_plain(name), _plain(home.feeder), home.phase, str(home.mean_wh), reason)
    console.print(table)


def _plain(name: str) -> str:
    return name.replace("[", r"\[")
