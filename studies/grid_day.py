"""A study's day on its grid, lived in two ways: the metrics (4.1) to (4.3), and plots along feeders and day."""

from __future__ import annotations

from clients.common.grid.solution import Solution
from node.grid_report.plots import Ways, duration_curve, heat_map, voltage_band
from node.grid_report.report import grid_report
from node.grid_report.section import metric_rows
from studies.arrays import SLOT_SECONDS, SLOTS_PER_HOUR
from studies.report import Plot, Section, Table

_FURTHEST = "the phase that is furthest from nominal"


def grid_day(which: str, without: Solution, with_it: Solution, ways: Ways) -> Section:
    """The section of ``which`` day; both solutions have a slot a row, of one network."""
    metrics = grid_report(with_it, without, SLOT_SECONDS)
    hours = [slot / SLOTS_PER_HOUR for slot in range(len(with_it.transformer_high_w))]
    return Section(
        f"{which} on the grid",
        f"Network {metrics.network}, solved in four wires and three phases.",
        Table(
            ("metric", "unit", ways.without, ways.with_it, "change"),
            metric_rows(metrics.with_market, metrics.without_market),
        ),
        [
            Plot("grid-map", f"deviation along feeders and day, {_FURTHEST}", heat_map(with_it, without, hours, ways)),
            Plot("grid-band", "deviation of all buses and phases", voltage_band(with_it, without, hours, ways)),
            Plot("grid-duration", "how long the transformer carries how much", duration_curve(with_it, without, ways)),
        ],
    )
