"""The report's files."""

from __future__ import annotations

from pathlib import Path

from node.run.assembly import Observed, assemble, block_intervals_s, grid_day, settled_after_s
from node.run.report import Report


def write_report(seen: Observed, out: Path) -> Report:
    """Write report.json and report.html into a folder, which is made if need be, and return the report."""
    # Loading what draws takes longer than all else: a run that is refused need not wait for it.
    from node.run.page import render

    grid = grid_day(seen)
    report = assemble(seen, grid)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(report.model_dump_json(indent=2) + "\n")
    page = render(report, block_intervals_s(seen.log), seen.latencies_s, settled_after_s(report), grid)
    (out / "report.html").write_text(page)
    return report
