"""Offers shaded by how far forecasts were off: only what a quantile of the tracked errors leaves is offered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from clients.household.forecasting.forecast import SlotForecast

# Fewer errors than three hours bring say nothing of a quantile.
LEAST_ERRORS = 18


class Shade(NamedTuple):
    """By how much a slot's gap (load less PV) may be less, or more, than forecast (Wh, never negative)."""

    less_wh: int = 0
    more_wh: int = 0


def shades(errors: Mapping[int, Sequence[int]], quantile: float, slots: int) -> list[Shade]:
    """One for each slot ahead, from 0 on.

    ``errors``: by how many slots ahead the forecast was made, what came less what was forecast of the gap (Wh).
    ``quantile``: the share of those errors that each side is to outlast. Leads between two that are tracked take what
    lies between; those before the first and behind the last take theirs. Without enough errors nothing is shaded.
    """
    known = {lead: sorted(values) for lead, values in sorted(errors.items()) if len(values) >= LEAST_ERRORS}
    if not known:
        return [Shade()] * slots
    leads = list(known)
    less = [max(0, -each[math.floor((1 - quantile) * (len(each) - 1))]) for each in known.values()]
    more = [max(0, each[math.ceil(quantile * (len(each) - 1))]) for each in known.values()]
    ahead = np.arange(slots)
    both = (np.ceil(np.interp(ahead, leads, side)) for side in (less, more))
    return [Shade(int(less_wh), int(more_wh)) for less_wh, more_wh in zip(*both, strict=True)]


def shaded(forecast: Sequence[SlotForecast], by: Sequence[Shade]) -> list[SlotForecast]:
    """The forecast, of which no more is sure than the shades leave."""
    made = []
    for expected, shade in zip(forecast, by, strict=True):
        gap_wh = expected.load_wh - expected.pv_wh
        deficit_wh = min(expected.sure_deficit_wh, max(0, gap_wh - shade.less_wh))
        surplus_wh = min(expected.sure_surplus_wh, max(0, -gap_wh - shade.more_wh))
        made.append(expected._replace(sure_deficit_wh=deficit_wh, sure_surplus_wh=surplus_wh))
    return made
