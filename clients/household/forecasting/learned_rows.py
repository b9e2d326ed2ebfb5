"""What the learned forecaster looks at: one row of figures for each slot that is forecast at some moment.

All figures come from slots up to the moment itself, so that rows of the past may be learned from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clients.common.slots import SLOTS_PER_DAY
from clients.household.measurements import KEPT_DAYS, Measurements

Floats = npt.NDArray[np.float64]
Slots = npt.NDArray[np.int64]

# Slots in which what differs from other days at a moment loses most of its meaning: half an hour, three hours, a day.
_FADES = (3.0, 18.0, 144.0)
# Means of the last slots that are compared with other days: the newest, an hour, three hours.
_RECENT = (1, 6, 18)
# How many times another day's a day's sun or load is taken to be at most.
_MOST_SCALE = 2.0
# Other days are looked at within half an hour.
_AROUND = 3


class Past(NamedTuple):
    """Load and PV (Wh) of consecutive slots from ``first`` on; NaN where nobody saw one."""

    first: int
    load_wh: Floats
    pv_wh: Floats

    @property
    def last(self) -> int:
        """The newest slot."""
        return self.first + len(self.load_wh) - 1


def past_of(seen: Measurements, before: int) -> Past:
    """The slots that are over and known, at most a week of them."""
    known = [slot for slot in seen.load_wh if before - KEPT_DAYS * SLOTS_PER_DAY <= slot < before]
    if not known:
        return Past(before, np.zeros(0), np.zeros(0))
    first = min(known)
    load, pv = np.full(before - first, np.nan), np.full(before - first, np.nan)
    for slot in known:
        load[slot - first], pv[slot - first] = seen.load_wh[slot], seen.pv_wh.get(slot, np.nan)
    return Past(first, load, pv)


def rows_of(past: Floats, first: int, origins: Slots, targets: Slots) -> Floats:
    """One row for each pair of a slot that was the newest known one and a slot that is forecast then.

    NaN where no earlier day is known. Columns: the mean of the same time on earlier days, the day before, the lowest
    and highest of those days, by how much the newest slots differ from other days, faded by how far ahead it is, and
    those days' mean scaled as the newest slots are.
    """
    smooth = _smooth(past)
    days = _same_time(smooth, first, origins, targets)
    with np.errstate(all="ignore"):
        counts = np.sum(~np.isnan(days), axis=1)
        mean = np.where(counts > 0, np.nansum(days, axis=1) / np.maximum(counts, 1), np.nan)
        low, high = np.fmin.reduce(days, axis=1), np.fmax.reduce(days, axis=1)
    newest = _first_known(days)
    columns = [mean, newest, low, high]
    ahead = (targets - origins).astype(np.float64)
    for length in _RECENT:
        now, other = _recent(past, first, origins, length), _recent_of_other_days(smooth, first, origins, length)
        differs = np.nan_to_num(now - other)
        columns += [differs * np.exp(-ahead / fade) for fade in _FADES]
        scale = np.clip(np.nan_to_num(now / np.maximum(other, 1.0), nan=1.0), 0.0, _MOST_SCALE)
        columns.append(mean * scale)
    return np.column_stack(columns)


def _smooth(past: Floats) -> Floats:
    """Means within half an hour, of what is known."""
    known = ~np.isnan(past)
    width = np.ones(2 * _AROUND + 1)
    sums = np.convolve(np.where(known, past, 0.0), width)[_AROUND : _AROUND + len(past)]
    counts = np.convolve(known.astype(np.float64), width)[_AROUND : _AROUND + len(past)]
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _same_time(smooth: Floats, first: int, origins: Slots, targets: Slots) -> Floats:
    """The same time of up to a week of days that are over at each origin, the newest first; NaN where unknown."""
    back = np.arange(1, KEPT_DAYS + 1) * SLOTS_PER_DAY
    at = targets[:, None] - back[None, :]
    index = at - first
    known = (index >= 0) & (index < len(smooth)) & (at + _AROUND <= origins[:, None])
    return np.where(known, smooth[np.clip(index, 0, max(0, len(smooth) - 1))], np.nan)


def _first_known(days: Floats) -> Floats:
    place = np.argmax(~np.isnan(days), axis=1)
    found: Floats = days[np.arange(len(days)), place]
    return found


def _recent(past: Floats, first: int, origins: Slots, length: int) -> Floats:
    """The mean of what is known of the newest slots up to each origin; NaN where that is nothing."""
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(past))])
    counts = np.concatenate([[0], np.cumsum(~np.isnan(past))])
    end = np.clip(origins - first + 1, 0, len(past))
    begin = np.maximum(0, end - length)
    known = counts[end] - counts[begin]
    mean: Floats = np.where(known > 0, (sums[end] - sums[begin]) / np.maximum(1, known), np.nan)
    return mean


def _recent_of_other_days(smooth: Floats, first: int, origins: Slots, length: int) -> Floats:
    """What those slots were on earlier days."""
    parts = []
    for shift in range(0, length, max(1, length // 3)):
        days = _same_time(smooth, first, origins, origins - shift)
        counts = np.sum(~np.isnan(days), axis=1)
        parts.append(np.where(counts > 0, np.nansum(days, axis=1) / np.maximum(counts, 1), np.nan))
    mean: Floats = np.mean(parts, axis=0)
    return mean
