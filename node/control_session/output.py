"""A session's outcome as plain data for programs, and as text for people."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from node.control_session.session import Outcome
from node.control_session.session_file import SessionFile


def record_of(outcome: Outcome, file: SessionFile) -> dict[str, Any]:
    """The outcome as JSON takes it."""
    signals = [signal.tolist() for signal in outcome.signals_neur_per_wh]
    return {
        "status": outcome.status.value,
        "iterations": len(signals),
        "residual": outcome.residual_wh,
        "signal": {pcc.id: [signal[index] for signal in signals] for index, pcc in enumerate(file.pcc)},
        "flow_wh": {home.id: flow for home, flow in zip(file.households, outcome.flow_wh.tolist(), strict=True)},
        "aggregate_wh": {pcc.id: sum_wh for pcc, sum_wh in zip(file.pcc, outcome.aggregate_wh.tolist(), strict=True)},
        "unattainable": [pcc.id for pcc, is_so in zip(file.pcc, outcome.unattainable.tolist(), strict=True) if is_so],
    }


def print_outcome(outcome: Outcome, file: SessionFile, console: Console) -> None:
    """Print the outcome for people: a summary and one row a PCC."""
    record = record_of(outcome, file)
    summary = Table.grid(padding=(0, 2))
    summary.add_row("status", record["status"])
    summary.add_row("iterations", str(record["iterations"]))
    summary.add_row("residual", f"{outcome.residual_wh:.3f} Wh")
    console.print(summary)
    for name in record["unattainable"]:
        aggregate_wh = record["aggregate_wh"][name]
        console.print(Text(f"unattainable at {name}: the closest that its homes can reach is {aggregate_wh:.1f} Wh"))
    table = Table("PCC", box=box.SIMPLE_HEAD)
    for heading in ("min Wh", "max Wh", "aggregate Wh", "signal nEUR/Wh"):
        table.add_column(heading, justify="right")
    for pcc in file.pcc:
        signals = record["signal"][pcc.id]
        table.add_row(
            Text(pcc.id),
            "-" if pcc.min_wh is None else f"{pcc.min_wh:.1f}",
            "-" if pcc.max_wh is None else f"{pcc.max_wh:.1f}",
            f"{record['aggregate_wh'][pcc.id]:.1f}",
            f"{signals[-1]:.0f}" if signals else "-",
        )
    console.print(table)
