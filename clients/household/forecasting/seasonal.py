"""The seasonal average: a slot is as that slot of the last days was."""

from __future__ import annotations

from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_DAY
from clients.household.forecasting.forecast import Forecaster, SlotForecast, quantile
from clients.household.measurements import KEPT_DAYS, Measurements


class SeasonalSettings(Section):
    """How the seasonal average reads the past.

    The mean of the last ``days`` at the same slot of the day, of load within ``around_slots`` of it. A sure deficit is
    the ``quantile`` of those loads less the mean PV; a sure surplus is the lowest PV of those days less the
    ``high_quantile`` of the loads.
    """

    days: int = Field(default=7, ge=1, le=KEPT_DAYS)
    around_slots: int = Field(default=1, ge=0, le=36)
    quantile: float = Field(default=0.5, ge=0, le=1)
    high_quantile: float = Field(default=0.8, ge=0, le=1)


class SeasonalAverage:
    """The running slot and those whose time of day was never seen are left to ``otherwise``."""

    def __init__(self, settings: SeasonalSettings, otherwise: Forecaster) -> None:
        self._settings = settings
        self._otherwise = otherwise

    def __call__(self, seen: Measurements, now: int, slots: int) -> list[SlotForecast]:
        """See Forecaster."""
        forecast = self._otherwise(seen, now, slots)
        by_time: dict[int, SlotForecast | None] = {}
        for lead in range(1, slots):
            time_of_day = (now + lead) % SLOTS_PER_DAY
            if time_of_day not in by_time:
                by_time[time_of_day] = self._slot(seen, now, now + lead)
            forecast[lead] = by_time[time_of_day] or forecast[lead]
        return forecast

    def _slot(self, seen: Measurements, now: int, slot: int) -> SlotForecast | None:
        settings = self._settings
        newest = slot - ((slot - now) // SLOTS_PER_DAY + 1) * SLOTS_PER_DAY
        same = range(newest, newest - settings.days * SLOTS_PER_DAY, -SLOTS_PER_DAY)
        around = range(-settings.around_slots, settings.around_slots + 1)
        near = [day + shift for day in same for shift in around if day + shift < now]
        loads = sorted(seen.load_wh[one] for one in near if one in seen.load_wh)
        suns = [seen.pv_wh[day] for day in same if day < now and day in seen.pv_wh]
        if not loads or not suns:
            return None
        load, pv = sum(loads) / len(loads), sum(suns) / len(suns)
        low, high = quantile(loads, settings.quantile), quantile(loads, settings.high_quantile)
        return SlotForecast(round(load), round(pv), max(0, round(low - pv)), max(0, round(min(suns) - high)))
