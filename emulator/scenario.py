"""The neighbourhoods of the thesis's chapters: which homes stand on which network, and what they have."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final

import numpy as np

from clients.common.grid.network import PHASES
from clients.common.grid.shipped import load
from emulator.battery import BatteryRating
from emulator.homes import Home, neighbourhood
from wire.mqtt import HomeKind


class Scenario(StrEnum):
    """The chapters with a neighbourhood of their own."""

    CHAPTER_4 = "chapter4"
    CHAPTER_5 = "chapter5"
    CHAPTER_6 = "chapter6"


NETWORKS: Final = {
    Scenario.CHAPTER_4: "thesis-33",
    Scenario.CHAPTER_5: "thesis-50",
    Scenario.CHAPTER_6: "thesis-50",
}
# Of every five homes four have PV (80 %), and three of these a battery too (60 %): section 6.2 of the thesis.
_WITH_PV, _WITH_BATTERY, _OF = 4, 3, 5
_KINDS: Final[tuple[HomeKind, ...]] = ("plain", "pv", "pv_battery")
# 9 kWh each (thesis 6.2), of which the inverter uses 20 to 80 % as everywhere here; its power isn't in the thesis.
_BATTERY = BatteryRating.of_capacity(9_000, 4_500)
_DATA_HOMES = 33


def homes_of(scenario: Scenario, day: str) -> list[Home]:
    """The homes of a scenario, in its network's order, on a day (MM-DD). Raises: ValueError for a day not in the data.

    Chapter 4 has the 33 homes of the data. Of the 50 of chapters 5 and 6 those that the data has live their own life,
    and the 17 others that of one of them a week away. PV and batteries are dealt out in turn along the network.
    """
    data = neighbourhood(_DATA_HOMES, day)
    if scenario is Scenario.CHAPTER_4:
        return data
    own = {home.id: home for home in data}
    others = sorted(neighbourhood(2 * _DATA_HOMES, day)[_DATA_HOMES:], key=lambda home: home.id)
    suns = sorted((home for home in data if home.pv_wp), key=lambda home: home.id)
    homes = []
    for number, at in enumerate(load(NETWORKS[scenario]).homes):
        life = own.get(at.id) or others[number % len(others)]
        sun = life if life.pv_wp else suns[number % len(suns)]
        has_pv, has_battery = number % _OF < _WITH_PV, number % _OF < _WITH_BATTERY
        homes.append(
            replace(
                life,
                id=at.id,
                kind=_KINDS[has_pv + has_battery],
                bus=int(at.bus.rpartition("_")[2]),
                phase=PHASES.index(at.phase) + 1,
                meter=f"VDG-{at.id}",
                pv_w=sun.pv_w if has_pv else np.zeros_like(life.pv_w),
                pv_wp=sun.pv_wp if has_pv else 0,
                battery=_BATTERY if has_battery else None,
            )
        )
    return homes
