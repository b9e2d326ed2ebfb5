"""The flexible devices that stand in the homes of a neighbourhood: cars, heat pumps, water heaters, appliances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.appliance import EmulatedAppliance
from emulator.car_charger import EmulatedCarCharger, Visit
from emulator.clock import Clock
from emulator.device import EmulatedDevice
from emulator.heat_pump import EmulatedHeatPump
from emulator.homes import Home
from emulator.units import SLOT_MS, SLOTS_A_DAY
from wire.device import CarChargerRating, HeatRating, PlugRating

HOUR_MS = 6 * SLOT_MS
DAY_MS = SLOTS_A_DAY * SLOT_MS
VISIT_DAYS = 30
WASH_W = (200, 2_000, 2_000, 400, 400, 400, 600)
"""A wash of 70 minutes, 1 kWh."""
READY_HOUR = 8

Devices = dict[str, list[EmulatedDevice[Any]]]


def flexible_devices(
    homes: Sequence[Home], count: int, clock: Clock, interval_s: int, day_slot: int = 0, first_slot: int = 0
) -> Devices:
    """The devices of the first ``count`` homes, by home: in turn a car that stays overnight, a heat pump, a water
    heater with a washing machine, and a car that stays over the day. Slot ``day_slot`` is midnight.

    Raises ValueError for more homes than there are.
    """
    if not 0 <= count <= len(homes):
        raise ValueError(f"devices is {count}; give 0 to {len(homes)} homes that have some")
    maker = _Maker(clock, interval_s, day_slot * SLOT_MS, first_slot * SLOT_MS)
    kinds = (maker.overnight, maker.warm, maker.washing, maker.by_day)
    return {home.id: kinds[index % len(kinds)]() for index, home in enumerate(homes[:count])}


class _Maker:
    """Makes devices whose days begin at ``midnight_ms`` (emulated), as they are at ``now_ms``."""

    def __init__(self, clock: Clock, interval_s: int, midnight_ms: int, now_ms: int) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._midnight_ms = midnight_ms
        self._now_ms = now_ms

    def overnight(self) -> list[EmulatedDevice[Any]]:
        """A car from 17:30 to 7:00 that needs 12 kWh."""
        return [self._car(17.5, 31.0, 12_000)]

    def by_day(self) -> list[EmulatedDevice[Any]]:
        """A car from 8:30 to 16:30 that needs 9 kWh."""
        return [self._car(8.5, 16.5, 9_000)]

    def warm(self) -> list[EmulatedDevice[Any]]:
        """A heat pump that makes hot water and a little warmth."""
        rating = HeatRating(
            device="heat",
            kind="heat_pump",
            min_w=500,
            max_w=2_000,
            interval_s=self._interval_s,
            cop_permille=3_200,
            comfort_min_wh=3_000,
            comfort_max_wh=10_000,
            store_max_wh=12_000,
        )
        demand_w = [1_800 if 36 <= slot < 54 or 102 <= slot < 132 else 700 for slot in range(SLOTS_A_DAY)]
        return [EmulatedHeatPump(rating, self._clock, self._now_ms, 6_000, self._by_day(demand_w))]

    def washing(self) -> list[EmulatedDevice[Any]]:
        """A water heater, and a washing machine that is ready at 8:00."""
        heater = HeatRating(
            device="water",
            kind="water_heater",
            min_w=0,
            max_w=2_000,
            interval_s=self._interval_s,
            cop_permille=1_000,
            comfort_min_wh=2_000,
            comfort_max_wh=8_000,
            store_max_wh=9_000,
        )
        demand_w = [900 if 36 <= slot < 48 or 108 <= slot < 126 else 80 for slot in range(SLOTS_A_DAY)]
        washer = PlugRating(device="washer", kind="plug", min_w=0, max_w=2_300, interval_s=self._interval_s)
        ready_ms = self._midnight_ms + READY_HOUR * HOUR_MS
        return [
            EmulatedHeatPump(heater, self._clock, self._now_ms, 5_000, self._by_day(demand_w)),
            EmulatedAppliance(washer, self._clock, self._now_ms, ready_ms, list(WASH_W)),
        ]

    def _car(self, arrival_h: float, departure_h: float, needed_wh: int) -> EmulatedCarCharger:
        rating = CarChargerRating(
            device="car", kind="car_charger", min_w=1_380, max_w=3_680, interval_s=self._interval_s
        )
        first_day = (self._now_ms - self._midnight_ms) // DAY_MS - 1
        visits = [
            Visit(
                self._midnight_ms + day * DAY_MS + int(arrival_h * HOUR_MS),
                self._midnight_ms + day * DAY_MS + int(departure_h * HOUR_MS),
                20_000,
                # Left to itself it charges until it is full.
                20_000 + needed_wh,
                needed_wh,
            )
            # Nobody is there yet: what came before would have charged already.
            for day in range(first_day, first_day + VISIT_DAYS)
            if self._midnight_ms + day * DAY_MS + int(arrival_h * HOUR_MS) >= self._now_ms
        ]
        return EmulatedCarCharger(rating, self._clock, self._now_ms, visits)

    def _by_day(self, values: list[int]) -> list[int]:
        """A day's values, turned so that index 0 is slot 0."""
        turn = self._midnight_ms // SLOT_MS % SLOTS_A_DAY
        return values[-turn:] + values[:-turn] if turn else values
