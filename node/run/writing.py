"""The report's files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from node.run.assembly import Observed, assemble, block_intervals_s, grid_day, settled_after_s
from node.run.report import Report

_JSON: Final = "report.json"
_PAGE: Final = "report.html"
# Both files of a day of 1,000 homes have a few MB.
_NEEDED_BYTES: Final = 16 * 1024 * 1024


def prepare_folder(out: Path) -> None:
    """Make the folder if need be, and see that both files can be written there. What is in them stays as it is.

    Raises: ValueError that says what is in the way, and the way out.
    """
    way_out = "choose another folder with --out (make run OUT=…)"
    if out.exists() and not out.is_dir():
        raise ValueError(f"out = {out}: this is a file, not a folder; {way_out}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"out = {out}: {error.strerror}; {way_out}") from error
    try:
        with tempfile.TemporaryFile(dir=out) as probe:
            probe.write(bytes(_NEEDED_BYTES))
    except OSError as error:
        needed = f"{_NEEDED_BYTES >> 20} MiB could not be written: {error.strerror}"
        raise ValueError(f"out = {out}: {needed}; make room there, or {way_out}") from error
    for path in (out / _JSON, out / _PAGE):
        if path.exists() and not (path.is_file() and os.access(path, os.W_OK)):
            raise ValueError(f"out = {out}: {path.name} is there and can't be overwritten: remove it, or {way_out}")


def write_report(seen: Observed, out: Path) -> Report:
    """Write report.json and report.html into a folder, which is made if need be, and return the report."""
    # Loading what draws takes longer than all else: a run that is refused need not wait for it.
    from node.run.page import render

    grid = grid_day(seen)
    report = assemble(seen, grid)
    out.mkdir(parents=True, exist_ok=True)
    (out / _JSON).write_text(report.model_dump_json(indent=2) + "\n")
    page = render(report, block_intervals_s(seen.log), seen.latencies_s, settled_after_s(report), grid)
    (out / _PAGE).write_text(page)
    return report
