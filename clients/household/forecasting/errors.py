"""How far forecasts were off, by how far ahead they were made: mean absolute errors, and the last ones of the gap."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clients.household.forecasting.forecast import SlotForecast
from clients.household.measurements import Measurements

HORIZONS_SLOTS = (1, 6, 36, 72)
# Two days of slots: weather and seasons change.
KEPT_ERRORS = 288


class ForecastError(NamedTuple):
    """Sums over ``slots`` slots of the absolute errors of load and PV (Wh a slot)."""

    slots: int = 0
    load_wh: int = 0
    pv_wh: int = 0

    @property
    def mean_load_wh(self) -> float:
        """Mean absolute error of the load (Wh a slot)."""
        return self.load_wh / self.slots if self.slots else 0.0

    @property
    def mean_pv_wh(self) -> float:
        """Mean absolute error of the PV (Wh a slot)."""
        return self.pv_wh / self.slots if self.slots else 0.0


class ForecastErrors:
    """One home's, by horizon in slots. Errors of a slot count once it is over and was seen.

    ``gaps_wh``: the last errors of the gap (load less PV), what came less what was forecast (Wh), oldest first.
    """

    def __init__(
        self, known: Mapping[int, ForecastError] | None = None, gaps_wh: Mapping[int, Sequence[int]] | None = None
    ) -> None:
        self.by_horizon = {horizon: ForecastError() for horizon in HORIZONS_SLOTS} | dict(known or {})
        kept = gaps_wh or {}
        self.gaps_wh = {horizon: deque(kept.get(horizon, ()), maxlen=KEPT_ERRORS) for horizon in HORIZONS_SLOTS}
        self._expected: dict[tuple[int, int], SlotForecast] = {}
        self._remembered = -1

    def remember(self, now: int, forecast: Sequence[SlotForecast]) -> None:
        """A forecast from slot ``now`` on; the first one that is made in a slot counts."""
        if now == self._remembered:
            return
        self._remembered = now
        for horizon in HORIZONS_SLOTS:
            if horizon < len(forecast):
                self._expected[(now + horizon, horizon)] = forecast[horizon]

    def compare(self, seen: Measurements) -> None:
        """Count the slots that are over; what nobody saw is dropped."""
        if seen.newest_slot is None:
            return
        for slot, horizon in [key for key in self._expected if key[0] < seen.newest_slot]:
            expected = self._expected.pop((slot, horizon))
            if slot in seen.load_wh and slot in seen.pv_wh:
                sums = self.by_horizon[horizon]
                load_wh, pv_wh = seen.load_wh[slot] - expected.load_wh, seen.pv_wh[slot] - expected.pv_wh
                self.by_horizon[horizon] = ForecastError(
                    sums.slots + 1, sums.load_wh + abs(load_wh), sums.pv_wh + abs(pv_wh)
                )
                self.gaps_wh[horizon].append(load_wh - pv_wh)
