"""The grid's section of a report's page: a table of the metrics and three plots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from clients.common.grid.limits import WATCHED, used, worst
from clients.common.grid.solution import Solution
from clients.common.slots import SLOTS_PER_HOUR
from node.grid_report.plots import duration_curve, heat_map, voltage_band
from node.grid_report.report import GridMetrics, GridReport

# Name, unit, and what a figure is divided by for it.
_ROWS: Sequence[tuple[str, str, str, float]] = (
    ("imported_wh", "from medium voltage", "kWh", 1000),
    ("exported_wh", "to medium voltage", "kWh", 1000),
    ("transformer_loss_wh", "transformer losses (4.1a)", "kWh", 1000),
    ("line_phases_loss_wh", "losses of phases (4.1b)", "kWh", 1000),
    ("line_neutral_loss_wh", "losses of the neutral (4.1b)", "kWh", 1000),
    ("transformer_peak_w", "transformer peak (4.2a)", "kW", 1000),
    ("peak_to_average", "peak to average (4.2b)", "", 1),
    ("highest_deviation_percent", "highest voltage deviation (4.3b)", "%", 1),
    ("lowest_deviation_percent", "lowest voltage deviation (4.3b)", "%", 1),
    ("mean_absolute_deviation_percent", "mean voltage deviation", "%", 1),
    ("max_vuf_percent", "highest unbalance factor (4.3c)", "%", 1),
    ("mean_vuf_percent", "mean unbalance factor (4.3c)", "%", 1),
    ("max_line_loading_percent", "most loaded line", "%", 1),
    ("max_transformer_loading_percent", "most loaded winding", "%", 1),
)
_TOLD_FAILURES = 10


def grid_section(report: GridReport, with_market: Solution, without_market: Solution, hours: Sequence[float]) -> str:
    """The section as HTML; ``hours`` of the day at which the slots of both series begin."""
    told = "".join(_failures(with_market, "with", hours)) + "".join(_failures(without_market, "without", hours))
    return f"""<h2>Grid</h2><p>The homes' flows on the network {escape(report.network)}, solved in four wires and three
phases: with the market, and the same slots with self-consumption and the supplier alone.</p>{told}
{metrics_table(report.with_market, report.without_market)}
{_nearness(with_market, report.with_market, "With", hours)}
{_nearness(without_market, report.without_market, "Without", hours)}
<p>Voltage along each feeder, from the transformer (below) to its end, and along the day: the phase that is furthest
from nominal.</p>{heat_map(with_market, without_market, hours)}
<p>All buses and phases: mean and band. Red, where it is near: what must hold (10 %), and dotted where control
starts (9 %).</p>
{voltage_band(with_market, without_market, hours)}
<p>How long the transformer carries how much.</p>{duration_curve(with_market, without_market)}
"""


def _nearness(solution: Solution, metrics: GridMetrics, market: str, hours: Sequence[float]) -> str:
    """In how many slots control starts, and the worst one."""
    told = f"<p>{market} the market {metrics.watched_slots} slots reach a limit at which control starts"
    shares = np.where(np.isfinite(shares := used(solution, WATCHED)), shares, 0)
    if not metrics.watched_slots:
        return f"{told}.</p>"
    slot = int(shares.argmax())
    why, slot_of_day = worst(solution, slot, WATCHED).as_text(), round(hours[slot] * SLOTS_PER_HOUR)
    return f"{told}, {metrics.broken_slots} of them one that must hold; worst is slot {slot_of_day}: {escape(why)}.</p>"


def _failures(solution: Solution, market: str, hours: Sequence[float]) -> Iterator[str]:
    failures = solution.failures
    if failures:
        yield f"<p>{len(failures)} slots have no solution {market} the market and are left out of its figures:<ul>"
        for failure in failures[:_TOLD_FAILURES]:
            slot_of_day = round(hours[failure.slot] * SLOTS_PER_HOUR)
            yield f"<li>{escape(failure._replace(slot=slot_of_day).as_text())}"
        if len(failures) > _TOLD_FAILURES:
            yield f"<li>and {len(failures) - _TOLD_FAILURES} more"
        yield "</ul>"


def metrics_table(with_market: GridMetrics, without_market: GridMetrics) -> str:
    """The metrics of both series, and how they differ, as an HTML table."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in metric_rows(with_market, without_market)
    )
    return f"<table><tr><th>metric<th>unit<th>without<th>with<th>change{rows}</table>"


def metric_rows(with_market: GridMetrics, without_market: GridMetrics) -> list[tuple[str, ...]]:
    """Each metric's name, unit, value without and with, and how these differ."""
    rows: list[tuple[str, ...]] = []
    for name, label, unit, divisor in _ROWS:
        after, before = getattr(with_market, name), getattr(without_market, name)
        rows.append((label, unit, _shown(before, divisor), _shown(after, divisor), _change(after, before)))
    return rows


def _shown(value: float | None, divisor: float) -> str:
    return "" if value is None else f"{value / divisor:.2f}"


def _change(after: float | None, before: float | None) -> str:
    if after is None or before is None or not before:
        return ""
    return f"{100 * (abs(after) / abs(before) - 1):+.1f} %"
