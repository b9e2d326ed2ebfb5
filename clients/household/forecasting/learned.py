"""The learned forecaster: a regression on the home's own last days, learned anew every day."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_DAY
from clients.household.forecasting.forecast import Forecaster, SlotForecast
from clients.household.forecasting.learned_rows import Floats, Past, Slots, past_of, rows_of
from clients.household.measurements import KEPT_DAYS, Measurements

log = logging.getLogger(__name__)

# What is learned from: forecasts that would have been made every hour and a half, for slots so far ahead.
_EVERY_SLOTS = 9
_AHEAD = np.array([1, 2, 3, 6, 12, 18, 24, 36, 54, 72, 108, 144])
_LEAST_ROWS = 200
_FIT_SECONDS = 120

Sample = Mapping[str, tuple[Floats, Floats]]
Weights = dict[str, list[float]]
Fit = Callable[[Sample], "Future[Weights]"]
"""Has weights found for samples of rows and values, meanwhile."""


class LearnedSettings(Section):
    """How the learned forecaster learns, and what of it is sure.

    It learns once ``least_days`` are known, and anew at midnight. What is sure is read from the errors that it would
    have made on the days that it learned from, by how far ahead: a sure deficit is the forecast gap (load less PV) with
    the ``quantile`` of those errors, a sure surplus is what is left of it with the ``high_quantile``.
    """

    least_days: int = Field(default=2, ge=2, le=KEPT_DAYS)
    quantile: float = Field(default=0.3, ge=0, le=1)
    high_quantile: float = Field(default=0.8, ge=0, le=1)


class Model(NamedTuple):
    """Weights of load and PV, and the quantiles of the gap's errors (Wh) by how far ahead (`_AHEAD`)."""

    load: Floats
    pv: Floats
    low_wh: Floats
    high_wh: Floats


class Learned:
    """One home's; ``fit`` may be shared by all. ``otherwise`` forecasts until something is learned."""

    def __init__(self, settings: LearnedSettings, otherwise: Forecaster, fit: Fit) -> None:
        self._settings = settings
        self._otherwise = otherwise
        self._fit = fit
        self._learned_on = -1
        self._learning: tuple[Future[Weights], Past] | None = None
        self.model: Model | None = None

    def __call__(self, seen: Measurements, now: int, slots: int) -> list[SlotForecast]:
        """See Forecaster."""
        forecast = self._otherwise(seen, now, slots)
        newest = seen.newest_slot
        if newest is None or slots < 2:
            return forecast
        past = past_of(seen, now)
        self._learn(past, now // SLOTS_PER_DAY)
        if self.model is None or not len(past.load_wh):
            return forecast
        targets = np.arange(now + 1, now + slots, dtype=np.int64)
        origins = np.full(len(targets), now - 1, dtype=np.int64)
        load, known = _apply(self.model.load, rows_of(past.load_wh, past.first, origins, targets))
        pv, _ = _apply(self.model.pv, rows_of(past.pv_wh, past.first, origins, targets))
        ahead = targets - origins
        low = np.interp(ahead, _AHEAD, self.model.low_wh)
        high = np.interp(ahead, _AHEAD, self.model.high_wh)
        for index in np.flatnonzero(known):
            gap = load[index] - pv[index]
            deficit, surplus = max(0, int(gap + low[index])), max(0, int(-gap - high[index]))
            forecast[1 + index] = SlotForecast(round(load[index]), round(pv[index]), deficit, surplus)
        return forecast

    def _learn(self, past: Past, day: int) -> None:
        """Take over what was learned, and begin to learn once a day."""
        if self._learning is not None and self._learning[0].done():
            learning, self._learning = self._learning, None
            error = learning[0].exception()
            if error is None:
                self.model = _model(learning[0].result(), learning[1], self._settings)
            else:
                log.warning("nothing was learned from the last days, what was known before goes on: %s", error)
        known = len(past.load_wh) - int(np.isnan(past.load_wh).sum())
        if self._learning is None and day != self._learned_on and known >= self._settings.least_days * SLOTS_PER_DAY:
            load, pv = (_sample(past, values) for values in (past.load_wh, past.pv_wh))
            if len(load[1]) >= _LEAST_ROWS:
                self._learned_on = day
                self._learning = (self._fit({"load": load, "pv": pv}), past)


def in_a_process() -> Fit:
    """Fits one after the other, each in a process of its own that ends with it."""
    workers = ThreadPoolExecutor(1, thread_name_prefix="learning")
    return lambda sample: workers.submit(_fit_elsewhere, sample)


def _fit_elsewhere(sample: Sample) -> Weights:
    """Raises: subprocess.SubprocessError, ValueError."""
    archive = io.BytesIO()
    arrays: dict[str, Any] = {}
    for name, (rows, values) in sample.items():
        arrays |= {f"{name}_rows": rows, f"{name}_wh": values}
    np.savez(archive, **arrays)
    command = [sys.executable, "-m", "clients.household.forecasting.learned_fit"]
    done = subprocess.run(command, input=archive.getvalue(), capture_output=True, check=True, timeout=_FIT_SECONDS)
    weights: Weights = json.loads(done.stdout)
    return weights


def _pairs(past: Past) -> tuple[Slots, Slots]:
    """Forecasts that would have been made: when, and for which slot."""
    moments = np.arange(past.first + SLOTS_PER_DAY, past.last, _EVERY_SLOTS)
    origins = np.repeat(moments, len(_AHEAD))
    targets = (moments[:, None] + _AHEAD[None, :]).ravel()
    over = targets <= past.last
    return origins[over], targets[over]


def _sample(past: Past, values: Floats) -> tuple[Floats, Floats]:
    """What is known of them now: rows without gaps, and what came."""
    origins, targets = _pairs(past)
    rows, came = rows_of(values, past.first, origins, targets), values[targets - past.first]
    whole = ~np.isnan(rows).any(axis=1) & ~np.isnan(came)
    return rows[whole], came[whole]


def _apply(weights: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Forecasts (Wh, never negative), and where there are any."""
    values = rows @ weights[1:] + weights[0]
    known = ~np.isnan(values)
    return np.maximum(np.nan_to_num(values), 0.0), known


def _model(weights: Weights, past: Past, settings: LearnedSettings) -> Model:
    """With the quantiles of the errors on the days that were learned from."""
    load, pv = np.array(weights["load"]), np.array(weights["pv"])
    origins, targets = _pairs(past)
    gap = np.zeros(len(targets))
    came = np.zeros(len(targets))
    for sign, weight, values in ((1, load, past.load_wh), (-1, pv, past.pv_wh)):
        rows = rows_of(values, past.first, origins, targets)
        gap = gap + sign * np.where(np.isnan(rows).any(axis=1), np.nan, _apply(weight, rows)[0])
        came = came + sign * values[targets - past.first]
    errors, ahead = came - gap, targets - origins
    low, high = [], []
    for lead in _AHEAD:
        near = errors[(ahead == lead) & ~np.isnan(errors)]
        low.append(float(np.quantile(near, settings.quantile)) if len(near) else 0.0)
        high.append(float(np.quantile(near, settings.high_quantile)) if len(near) else 0.0)
    return Model(load, pv, np.array(low), np.array(high))
