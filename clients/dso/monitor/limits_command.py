"""The command ``vdg dso limits``: what a slot's plan does to a network, and what must be limited, without a chain."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from clients.common.file_error import BadFile
from clients.common.file_refusal import refuse_file
from clients.common.grid.allowed import Allowance, allowed_aggregates
from clients.common.grid.grid import Grid
from clients.common.grid.limits import KEPT, WATCHED, breaches
from clients.common.slots import SLOTS_PER_HOUR
from clients.dso.control.constraint import pcc_name
from clients.dso.grid_chain import NO_CAP_WH
from clients.dso.monitor.caps import Cap, least_caps
from clients.dso.monitor.grid_monitor import SLOT_SECONDS
from clients.dso.monitor.limits_case import KIND, parse_limits


def show_limits(file: str, as_json: bool) -> None:
    """Print the analysis of a file (a path, or ``-``). Exits with 2 when it has errors, all of which are listed."""
    try:
        case, network = parse_limits(KIND.read(file))
    except BadFile as bad:
        refuse_file(bad, file, as_json)
    grid = Grid(network)
    forecast = case.forecast(network)
    planned_w = forecast.flows_wh * SLOTS_PER_HOUR
    reached = [breach.as_text() for breach in breaches(grid.solve(planned_w[None], phases=forecast.phases), WATCHED)]
    allowances = allowed_aggregates(grid, planned_w, phases=forecast.phases, limits=KEPT, slot_seconds=SLOT_SECONDS)
    caps = least_caps(grid, forecast, case.parties(network), KEPT)
    if as_json:
        typer.echo(json.dumps(_record(network.name, reached, allowances, caps), indent=2))
    else:
        _print(network.name, reached, allowances, caps, Console())


def _record(
    network: str, reached: list[str], allowances: tuple[Allowance, ...], caps: dict[str, Cap]
) -> dict[str, Any]:
    return {
        "network": network,
        "control": reached[0] if reached else None,
        "pcc": [
            {
                "id": pcc_name(each.feeder, each.phase),
                "homes": len(each.households),
                "planned_wh": each.planned_wh,
                "alone": each.alone._asdict(),
                "together": each.together._asdict(),
            }
            for each in allowances
        ],
        "caps": {vdg: _cap(cap) for vdg, cap in caps.items()},
    }


def _cap(cap: Cap) -> dict[str, Any]:
    sides = {"import_cap_wh": cap.import_wh, "export_cap_wh": cap.export_wh}
    return {name: wh if wh < NO_CAP_WH else None for name, wh in sides.items()} | {"reason": cap.reason}


def _print(
    network: str, reached: list[str], allowances: tuple[Allowance, ...], caps: dict[str, Cap], console: Console
) -> None:
    console.print(f"{network}: " + (f"control starts: {reached[0]}" if reached else "no limit is near"), markup=False)
    table = Table("PCC", box=box.SIMPLE_HEAD)
    for name in ("homes", "planned Wh", "least Wh", "most Wh"):
        table.add_column(name, justify="right")
    table.add_column("limited by")
    for each in allowances:
        bounds = each.together
        why = bounds.max_reason if each.planned_wh >= 0 else bounds.min_reason
        table.add_row(
            pcc_name(each.feeder, each.phase),
            str(len(each.households)),
            f"{each.planned_wh:.0f}",
            str(bounds.min_wh),
            str(bounds.max_wh),
            why.removeprefix("while others are at their bounds, ").partition(":")[0],
        )
    console.print(table)
    if not caps:
        console.print("no VDG needs a cap")
    for vdg, cap in caps.items():
        shown = {name: "free" if wh is None else f"at most {wh} Wh a home" for name, wh in _sides(cap).items()}
        text = ", ".join(f"{name} {value}" for name, value in shown.items())
        console.print(f"{vdg}: {text}: {cap.reason}", markup=False, highlight=False)


def _sides(cap: Cap) -> dict[str, int | None]:
    record = _cap(cap)
    return {"import": record["import_cap_wh"], "export": record["export_cap_wh"]}
