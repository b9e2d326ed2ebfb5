"""By how much a day's metrics (4.1) to (4.3) get better, in percent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clients.common.grid.grid import Grid
from clients.common.grid.metrics import Metrics, metrics_of
from studies.arrays import SLOT_SECONDS, W_PER_WH, Real
from studies.band import Band, band

Effect = dict[str, float]
"""Percent by name of a metric; positive is less."""

_OF: Final[Mapping[str, Callable[[Metrics], float]]] = {
    "excess to MV": lambda metrics: metrics.exported_wh,
    "import from MV": lambda metrics: metrics.imported_wh,
    "transformer peak": lambda metrics: metrics.transformer_peak_w,
    "peak to average": lambda metrics: metrics.peak_to_average,
    "transformer loss": lambda metrics: metrics.transformer_loss_wh,
    # (4.1a) as printed is proportional to the energy that passes.
    "transformer loss (4.1a)": lambda metrics: metrics.imported_wh + metrics.exported_wh,
    "line loss, phases": lambda metrics: metrics.line_phases_loss_wh,
    "line loss, neutral": lambda metrics: metrics.line_neutral_loss_wh,
    "maximum VUF": lambda metrics: metrics.max_vuf_percent,
    "mean VUF": lambda metrics: metrics.mean_vuf_percent,
    "highest voltage": lambda metrics: metrics.highest_deviation_percent,
    "lowest voltage": lambda metrics: -metrics.lowest_deviation_percent,
}
NAMES: Final = tuple(_OF)


def measured(grid: Grid, flow_wh: Real, phases: NDArray[np.intp] | None = None) -> Metrics:
    """The metrics of a day's flows (slots, homes), without reactive power: meters of energy don't tell any."""
    return metrics_of(grid.solve(flow_wh * W_PER_WH, phases=phases), SLOT_SECONDS)


def effect_of(before: Metrics, after: Metrics) -> Effect:
    """How much less of each metric there is; 0 where there was none."""
    values = {name: (of(before), of(after)) for name, of in _OF.items()}
    return {name: 100 * (was - now) / abs(was) if was else 0.0 for name, (was, now) in values.items()}


def bands_of(effects: Mapping[int, Iterable[Effect]]) -> dict[str, Band]:
    """The bands of effects by seed."""
    listed = {seed: list(days) for seed, days in effects.items()}
    names = next(iter(listed.values()))[0]
    return {name: band({seed: [day[name] for day in days] for seed, days in listed.items()}) for name in names}
