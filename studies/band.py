"""A mean over days of several seeds, and how far chance may have moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

_RESAMPLES = 10_000
_LOW, _HIGH = 2.5, 97.5


class Band(NamedTuple):
    """``mean`` over seeds, the interval that holds 95 % of the means of resampled seeds, and the extremes of days."""

    mean: float
    low: float
    high: float
    least: float
    most: float

    def text(self, digits: int = 1) -> str:
        """For tables: the mean, and in brackets the band."""
        return f"{self.mean:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def band(by_seed: Mapping[int, Sequence[float]]) -> Band:
    """The band of a figure that was found on some days of each seed.

    Days of one seed share homes and week, so whole seeds are drawn again (a cluster bootstrap), always by the same
    random numbers.

    Raises: ValueError without any day.
    """
    means = np.array([np.mean(days) for days in by_seed.values() if len(days)])
    if not means.size:
        raise ValueError("there is no day to take a mean of")
    drawn = np.random.default_rng(0).integers(0, means.size, (_RESAMPLES, means.size))
    low, high = np.percentile(means[drawn].mean(axis=1), [_LOW, _HIGH])
    every = np.concatenate([np.asarray(days, np.float64) for days in by_seed.values()])
    return Band(float(means.mean()), float(low), float(high), float(every.min()), float(every.max()))
