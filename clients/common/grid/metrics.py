"""The thesis's metrics (4.1) to (4.3) for a series of solved slots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clients.common.grid.admittance import type_ohm_per_km
from clients.common.grid.solution import Solution

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Metrics:
    """A series in figures; slots that failed are counted in ``failed_slots`` and left out of everything else.

    Energies and losses are sums over the series. ``transformer_loss_wh`` stands for (4.1a) and the two line losses for
    (4.1b), as the solution has them: where conductors share resistance, as in the authors' network, a conductor's loss
    isn't R I²; ``line_resistance_wh`` is (4.1b) as printed, with each conductor's own resistance.
    ``transformer_peak_w`` (4.2a) and ``peak_to_average`` (4.2b) are of the power that passes the transformer,
    in whichever direction: ``imported_wh`` towards low voltage and ``exported_wh`` back. Deviations (4.3b) are of the
    nominal voltage (4.3a) at any bus and phase, unbalance is (4.3c).
    """

    slots: int
    failed_slots: int
    imported_wh: float
    exported_wh: float
    transformer_loss_wh: float
    line_phases_loss_wh: float
    line_neutral_loss_wh: float
    line_resistance_wh: float
    transformer_peak_w: float
    peak_to_average: float
    highest_deviation_percent: float
    lowest_deviation_percent: float
    mean_absolute_deviation_percent: float
    max_vuf_percent: float
    mean_vuf_percent: float
    max_line_loading_percent: float
    max_transformer_loading_percent: float


def metrics_of(solution: Solution, slot_seconds: float) -> Metrics:
    """The metrics of a series of slots of ``slot_seconds`` each; NaN where no slot was solved.

    Raises:
        ValueError: ``slot_seconds`` is not positive.
    """
    if not slot_seconds > 0:
        raise ValueError(f"slot_seconds is {slot_seconds}, not positive")
    hours = slot_seconds / _SECONDS_PER_HOUR
    entering_w = np.maximum(solution.transformer_high_w, 0).sum(axis=1)
    leaving_w = np.maximum(-solution.transformer_low_w, 0).sum(axis=1)
    passing_w = entering_w + leaving_w
    solved = np.isfinite(passing_w)
    peak_w = float(passing_w[solved].max(initial=0.0))
    total_w = float(passing_w[solved].sum())
    deviation = deviation_percent(solution)[solved]
    vuf = solution.vuf_percent[solved]
    nothing = not solved.any()

    def wh(power_w: np.ndarray) -> float:
        return float(power_w[solved].sum() * hours)

    return Metrics(
        slots=len(solved),
        failed_slots=int((~solved).sum()),
        imported_wh=wh(entering_w),
        exported_wh=wh(leaving_w),
        transformer_loss_wh=wh(solution.transformer_loss_w),
        line_phases_loss_wh=wh(solution.line_phases_loss_w),
        line_neutral_loss_wh=wh(solution.line_neutral_loss_w),
        line_resistance_wh=wh(_resistance_w(solution)),
        transformer_peak_w=peak_w,
        peak_to_average=float(solved.sum()) * peak_w / total_w if total_w else np.nan,
        highest_deviation_percent=np.nan if nothing else float(deviation.max()),
        lowest_deviation_percent=np.nan if nothing else float(deviation.min()),
        mean_absolute_deviation_percent=np.nan if nothing else float(np.abs(deviation).mean()),
        max_vuf_percent=np.nan if nothing else float(vuf.max()),
        mean_vuf_percent=np.nan if nothing else float(vuf.mean()),
        max_line_loading_percent=float(solution.loading_percent[solved].max(initial=0.0)),
        max_transformer_loading_percent=float(solution.transformer_loading_percent[solved].max(initial=0.0)),
    )


def deviation_percent(solution: Solution) -> np.ndarray:
    """The voltage deviation (4.3b) in each slot, at each bus and phase: (slots, buses, 3)."""
    nominal_v = solution.network.nominal_v
    return np.asarray(100 * (solution.phase_neutral_v - nominal_v) / nominal_v)


def _resistance_w(solution: Solution) -> np.ndarray:
    """R I² of all conductors: (slots,)."""
    lines = solution.network.lines
    own = [type_ohm_per_km(line.type).real.diagonal() * line.length_m / 1000 for line in lines]
    ohm = np.array(own).reshape(len(lines), 4)
    phases_w = np.einsum("slk,lk->s", solution.line_phase_a**2, ohm[:, :3])
    return np.asarray(phases_w + solution.line_neutral_a**2 @ ohm[:, 3])
