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
# Of every ten homes; scenario D of section 5.4.2, and 80 % with PV and 60 % with a battery as in section 6.2.
_KINDS: Final[tuple[HomeKind, ...]] = (
    *("pv_battery", "pv", "pv_battery", "plain", "pv_battery"),
    *("pv", "pv_battery", "battery", "pv_battery", "pv"),
)
# The thesis doesn't say how large its panels are. With those of the data no limit of the grid is ever near.
_PANELS: Final = {Scenario.CHAPTER_5: 1.0, Scenario.CHAPTER_6: 1.35}
# Thesis 6.2: 9 kWh each, 10 to 90 % of it; its power isn't in the thesis.
_BATTERY = BatteryRating(capacity_wh=9_000, power_w=4_500, min_wh=900, max_wh=8_100, start_wh=4_500)
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
        kind = _KINDS[number % len(_KINDS)]
        panels = _PANELS[scenario] if "pv" in kind else 0.0
        homes.append(
            replace(
                life,
                id=at.id,
                kind=kind,
                bus=int(at.bus.rpartition("_")[2]),
                phase=PHASES.index(at.phase) + 1,
                meter=f"VDG-{at.id}",
                pv_w=(sun.pv_w * panels).astype(np.uint16),
                pv_wp=round(sun.pv_wp * panels),
                battery=_BATTERY if "battery" in kind else None,
            )
        )
    return homes
