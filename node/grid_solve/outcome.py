"""A solved moment of a network: as plain data for programs, as tables for people."""

from __future__ import annotations

from typing import TypedDict

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.common.grid.network import PHASES
from clients.common.grid.solution import Solution


class VoltageRecord(TypedDict):
    """The voltage of a bus between a phase (a, b, c) and the neutral."""

    bus: str
    phase: str
    phase_neutral_v: float


class LineRecord(TypedDict):
    """A line: the currents in A of phases a, b, c and of the neutral; the loading of its most loaded conductor."""

    line: str
    phase_a: list[float]
    neutral_a: float
    loading_percent: float


class Losses(TypedDict):
    """Losses in W: of all lines' phase conductors, of their neutrals, of the transformer (no-load loss included)."""

    line_phases: float
    line_neutral: float
    transformer: float


class Outcome(TypedDict):
    """One solved moment; buses, lines and homes in the network's order."""

    network: str
    voltages: list[VoltageRecord]
    vuf_percent: dict[str, float]
    lines: list[LineRecord]
    losses_w: Losses
    transformer_loading_percent: float


def outcome_of(solution: Solution) -> Outcome:
    """The first slot of a solution without failures."""
    network = solution.network
    return Outcome(
        network=network.name,
        voltages=[
            VoltageRecord(bus=bus, phase=phase, phase_neutral_v=float(solution.phase_neutral_v[0, number, code]))
            for number, bus in enumerate(network.buses)
            for code, phase in enumerate(PHASES)
        ],
        vuf_percent={bus: float(solution.vuf_percent[0, number]) for number, bus in enumerate(network.buses)},
        lines=[
            LineRecord(
                line=line.id,
                phase_a=[float(current) for current in solution.line_phase_a[0, number]],
                neutral_a=float(solution.line_neutral_a[0, number]),
                loading_percent=float(solution.loading_percent[0, number]),
            )
            for number, line in enumerate(network.lines)
        ],
        losses_w=Losses(
            line_phases=float(solution.line_phases_loss_w[0]),
            line_neutral=float(solution.line_neutral_loss_w[0]),
            transformer=float(solution.transformer_loss_w[0]),
        ),
        transformer_loading_percent=float(solution.transformer_loading_percent[0]),
    )


def print_outcome(solution: Solution, console: Console) -> None:
    """Print the outcome for people."""
    outcome = outcome_of(solution)
    nominal_v = solution.network.nominal_v
    buses = Table("bus", box=box.SIMPLE_HEAD)
    for heading in ("a V", "b V", "c V", "worst deviation %", "VUF %"):
        buses.add_column(heading, justify="right")
    for number, bus in enumerate(solution.network.buses):
        volts = solution.phase_neutral_v[0, number]
        worst = max((100 * (float(value) - nominal_v) / nominal_v for value in volts), key=abs)
        figures = (*(f"{value:.2f}" for value in volts), f"{worst:+.2f}", f"{outcome['vuf_percent'][bus]:.3f}")
        buses.add_row(Text(bus), *figures)
    console.print(buses)
    lines = Table("line", box=box.SIMPLE_HEAD)
    for heading in ("a A", "b A", "c A", "neutral A", "loading %"):
        lines.add_column(heading, justify="right")
    for record in outcome["lines"]:
        amperes = (*record["phase_a"], record["neutral_a"], record["loading_percent"])
        lines.add_row(Text(record["line"]), *(f"{value:.2f}" for value in amperes))
    console.print(lines)
    losses = outcome["losses_w"]
    console.print(
        f"losses: phases of lines {losses['line_phases']:.1f} W, their neutrals {losses['line_neutral']:.1f} W, "
        f"transformer {losses['transformer']:.1f} W (loaded to {outcome['transformer_loading_percent']:.1f} %)",
        highlight=False,
    )
