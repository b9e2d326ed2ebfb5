"""The grid's part of a report: the metrics (4.1) to (4.3) of a series with the market and of the same without."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from clients.common.grid.limits import WATCHED, Limits, used
from clients.common.grid.metrics import metrics_of
from clients.common.grid.solution import Solution


class GridMetrics(BaseModel):
    """A series of slots in figures; slots whose flows have no solution are left out of all but their count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slots: int
    failed_slots: int = Field(description="slots whose flows the network can't carry")
    watched_slots: int = Field(description="slots that reach 9 % of deviation or 70 % of a thermal limit")
    broken_slots: int = Field(description="slots that reach 10 % of deviation or a thermal limit")
    imported_wh: float = Field(description="through the transformer from medium voltage")
    exported_wh: float = Field(description="through the transformer to medium voltage")
    transformer_loss_wh: float = Field(description="(4.1a)")
    line_phases_loss_wh: float = Field(description="(4.1b), phase conductors")
    line_neutral_loss_wh: float = Field(description="(4.1b), neutral conductors")
    line_resistance_wh: float = Field(description="(4.1b) as printed: each conductor's own resistance")
    transformer_peak_w: float = Field(description="(4.2a)")
    peak_to_average: float | None = Field(description="(4.2b); null where nothing flows")
    highest_deviation_percent: float | None = Field(description="(4.3b), at any bus and phase")
    lowest_deviation_percent: float | None
    mean_absolute_deviation_percent: float | None
    max_vuf_percent: float | None = Field(description="(4.3c)")
    mean_vuf_percent: float | None
    max_line_loading_percent: float
    max_transformer_loading_percent: float


class GridReport(BaseModel):
    """The grid of a run or study: the metrics with the market (or another measure), and of the same slots without."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str
    with_market: GridMetrics
    without_market: GridMetrics


def grid_report(with_market: Solution, without_market: Solution, slot_seconds: float) -> GridReport:
    """The figures of two series of one network, in slots of ``slot_seconds`` of the grid's time.

    Raises:
        ValueError: ``slot_seconds`` is not positive.
    """
    return GridReport(
        network=with_market.network.name,
        with_market=_metrics(with_market, slot_seconds),
        without_market=_metrics(without_market, slot_seconds),
    )


def _metrics(solution: Solution, slot_seconds: float) -> GridMetrics:
    values = asdict(metrics_of(solution, slot_seconds))
    # JSON has no NaN, and a report's figures are no more exact than this.
    told = {name: round(value, 4) if math.isfinite(value) else None for name, value in values.items()}
    return GridMetrics.model_validate(
        told | {"watched_slots": _reaching(solution, WATCHED), "broken_slots": _reaching(solution, Limits())}
    )


def _reaching(solution: Solution, limits: Limits) -> int:
    """How many of the slots that have a solution reach a limit."""
    share = used(solution, limits)
    return int(np.count_nonzero(np.isfinite(share) & (share >= 1)))
