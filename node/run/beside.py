"""An earlier run of the same day by the plain rule, beside which a run is reported (ADR 37)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clients.household.strategy import StrategyName
from node.run.report import Report


def read_plain(path: Path, wanted: Mapping[str, Any], kinds: Mapping[str, str], devices: int) -> Report:
    """The report of a finished run by the plain rule, of which everything in ``wanted`` is so.

    ``kinds``: the homes; ``devices``: how many of them have flexible devices.

    Raises: ValueError that says what is wrong, and how to get such a report.
    """
    way_out = "live the same day with --strategy plain --out FOLDER first, and give FOLDER/report.json"
    try:
        report = Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ValueError(f"beside = {path}: {error.strerror}; {way_out}") from error
    except ValidationError as error:
        raise ValueError(f"beside = {path}: this is no report.json of a run of this version; {way_out}") from error
    wanted = {**wanted, "strategy": StrategyName.PLAIN.value, "finished": True}
    found = [
        f"{name} is {getattr(report, name)}, not {value}"
        for name, value in wanted.items()
        if getattr(report, name) != value
    ]
    if {home.id: home.kind for home in report.homes} != kinds:
        found.append(f"its {len(report.homes)} homes are others than these {len(kinds)}")
    if (equipped := sum(1 for home in report.homes if home.devices)) != devices:
        found.append(f"{equipped} of its homes have flexible devices, not {devices}")
    if found:
        raise ValueError(f"beside = {path}: {'; '.join(found)}; {way_out}")
    return report
