"""What a home will need and produce: persistence by default, any other by the same protocol (MODEL section 7)."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pydantic import Field

from clients.common.configuration import Section
from clients.common.slots import SLOTS_PER_DAY
from clients.household.measurements import Measurements


class SlotForecast(NamedTuple):
    """One slot (Wh). ``sure_*``: what a home without a battery can commit to, as deviations are its own cost."""

    load_wh: int
    pv_wh: int
    sure_deficit_wh: int
    sure_surplus_wh: int


class Forecaster(Protocol):
    """Where forecasts come from."""

    def __call__(self, seen: Measurements, now: int, slots: int) -> list[SlotForecast]:
        """Slots ``now`` (running) to ``now + slots - 1``; ``seen`` may be empty."""
        ...


class PersistenceSettings(Section):
    """How persistence reads the past.

    Load: the mean of the last ``far_slots`` slots up to ``far_slots`` ahead, beyond them yesterday's around the same
    time. PV: the running slot's level, which fades within ``fade_slots`` into yesterday's curve scaled to today's;
    tomorrow's is today's as far as it is known.
    A sure deficit is the ``quantile`` of the last ``near_slots`` loads less ``1 + near_pv_caution`` times the PV; a
    sure surplus is ``1 - near_pv_caution`` times the PV less the ``high_quantile`` of the loads or yesterday's mean
    around that time. More than ``near_lead_slots`` ahead, both take the ``far_`` figures instead, and more than
    ``far_slots`` ahead the loads of the last two days around the same time.
    """

    near_slots: int = Field(default=6, ge=1, le=144)
    far_slots: int = Field(default=18, ge=1, le=144)
    near_lead_slots: int = Field(default=3, ge=0, le=144)
    fade_slots: int = Field(default=12, ge=1, le=144)
    quantile: float = Field(default=0.5, ge=0, le=1)
    high_quantile: float = Field(default=0.8, ge=0, le=1)
    near_pv_caution: float = Field(default=0.2, ge=0, le=1)
    far_pv_caution: float = Field(default=0.6, ge=0, le=1)


class Persistence:
    """Tomorrow as today, the next hour as the last ones. With nothing seen its forecast is zero, which offers
    nothing."""

    def __init__(self, settings: PersistenceSettings | None = None) -> None:
        self._settings = settings or PersistenceSettings()

    def __call__(self, seen: Measurements, now: int, slots: int) -> list[SlotForecast]:
        """See Forecaster."""
        recent = seen.recent(self._settings.far_slots)
        if not recent:
            return [SlotForecast(0, 0, 0, 0)] * slots
        loads = [load for load, _ in recent]
        near = sorted(loads[: self._settings.near_slots])
        far = sorted(loads)
        mean_wh = sum(loads) / len(loads)
        scale = _day_scale(seen, now)
        return [self._slot(seen, now, now + lead, near, far, mean_wh, scale) for lead in range(slots)]

    def _slot(
        self,
        seen: Measurements,
        now: int,
        slot: int,
        near: list[int],
        far: list[int],
        mean_wh: float,
        scale: float,
    ) -> SlotForecast:
        settings, lead = self._settings, slot - now
        load = mean_wh if lead <= settings.far_slots else _yesterday_load_wh(seen, slot, mean_wh)
        pv = self._pv_wh(seen, now, slot, scale)
        is_near = lead <= settings.near_lead_slots
        loads = near if is_near else far
        if lead > settings.far_slots:
            loads = sorted(_loads_around_wh(seen, slot)) or far
        caution = settings.near_pv_caution if is_near else settings.far_pv_caution
        low = quantile(loads, settings.quantile)
        # A surplus is sure only if neither the last hours nor the same time of yesterday speak against it.
        high = max(quantile(loads, settings.high_quantile), _yesterday_load_wh(seen, slot, 0)) if pv else 0
        return SlotForecast(
            round(load),
            round(pv),
            max(0, int(low - pv * (1 + caution))),
            max(0, int(pv * (1 - caution) - high)),
        )

    def _pv_wh(self, seen: Measurements, now: int, slot: int, scale: float) -> float:
        newest = seen.newest_slot
        level = seen.pv_wh.get(now if newest is None else newest, 0)
        known = slot - SLOTS_PER_DAY
        if known not in seen.pv_wh:
            known -= SLOTS_PER_DAY
        yesterday = seen.pv_wh.get(known)
        if yesterday is None:
            return float(level) if slot - now <= self._settings.fade_slots else 0.0
        if slot // SLOTS_PER_DAY > now // SLOTS_PER_DAY:
            # Tomorrow is as today was, where that is known, and no sunnier than yesterday elsewhere.
            scale = 1.0 if known // SLOTS_PER_DAY == now // SLOTS_PER_DAY else min(1.0, scale)
        share = min(1.0, (slot - now) / self._settings.fade_slots)
        return (1 - share) * level + share * yesterday * scale


def _day_scale(seen: Measurements, now: int) -> float:
    """Today's PV of the last hour as a multiple of yesterday's; 1 when there is too little sun to tell."""
    slots = [s for s in range(now - 5, now + 1) if s in seen.pv_wh and s - SLOTS_PER_DAY in seen.pv_wh]
    today = sum(seen.pv_wh[slot] for slot in slots)
    yesterday = sum(seen.pv_wh[slot - SLOTS_PER_DAY] for slot in slots)
    return min(2.0, today / yesterday) if yesterday >= 30 else 1.0


def _yesterday_load_wh(seen: Measurements, slot: int, otherwise_wh: float) -> float:
    """Mean load in the hour around the same time of the newest day known (Wh a slot)."""
    same = slot - SLOTS_PER_DAY
    if same + 3 not in seen.load_wh:
        same -= SLOTS_PER_DAY
    around = [seen.load_wh[s] for s in range(same - 3, same + 4) if s in seen.load_wh]
    return sum(around) / len(around) if around else otherwise_wh


def _loads_around_wh(seen: Measurements, slot: int) -> list[int]:
    """The loads in the hour around the same time of all days known (Wh a slot)."""
    around = range(-3, 4)
    days = (slot - SLOTS_PER_DAY, slot - 2 * SLOTS_PER_DAY)
    return [seen.load_wh[day + shift] for day in days for shift in around if day + shift in seen.load_wh]


def quantile(ordered: list[int], share: float) -> float:
    """The quantile of a sorted list, linear between its values."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
