"""What stands in each home, and a day of homes made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from clients.common.grid.network import Network
from clients.household.planner.battery import Battery
from emulator.dataset import builtin
from studies.arrays import Real
from studies.home import Home
from studies.profiles import Profiles

# Thesis 4.6.1: 0 to 30 % better than what the utility offers.
HIGHEST_MARGIN_PERMILLE = 300
BATTERY_W = 3_000


@dataclass(frozen=True)
class Equipment:
    """``battery`` as it is at midnight, None without."""

    pv_wp: int = 0
    battery: Battery | None = None
    trades: bool = True


def ideal_battery(capacity_wh: float, min_soc: float = 0.2, max_soc: float = 0.8) -> Battery:
    """The thesis's: no losses, half full at midnight, one full cycle a day."""
    return Battery(
        capacity_wh,
        capacity_wh / 2,
        BATTERY_W,
        min_soc=min_soc,
        max_soc=max_soc,
        max_throughput_wh=2 * capacity_wh,
    )


def thesis_33(network: Network, battery: Battery) -> list[Equipment]:
    """Chapter 4's homes: 17 with PV and battery where the authors have generators, 8 with a battery, 8 with neither."""
    rows = {row.id: row for row in builtin().homes}
    found = [rows[home.id] for home in network.homes]
    return [Equipment(row.pv_wp, battery if row.battery_wh else None) for row in found]


# The panels of homes beside the authors' network, Wp: those of the emulator's homes.
_PV_WP = range(3_000, 5_001, 125)


class Share(NamedTuple):
    """How many of 50 homes have what (5.4.2); the others have neither."""

    pv_and_battery: int
    pv: int
    battery: int


SCENARIOS: Final = {"A": Share(5, 10, 5), "B": Share(10, 10, 10), "C": Share(15, 10, 15), "D": Share(25, 15, 5)}


def thesis_50(scenario: str, seed: int, battery: Battery, panels: float = 1.0) -> list[Equipment]:
    """A scenario of section 5.4.2, as chapter 6 has it too: whoever has something keeps it in the next one.

    Who gets what first, and how large a roof is, is drawn by the seed. ``panels`` makes all panels larger.
    """
    random = np.random.default_rng([seed, 4])
    order: list[int] = random.permutation(50).tolist()
    pv_wp: list[int] = random.choice(np.array(_PV_WP), 50).tolist()
    sun, store = _owners(scenario)
    with_pv, with_battery = {order[rank] for rank in sun}, {order[rank] for rank in store}
    return [
        Equipment(round(pv_wp[home] * panels) if home in with_pv else 0, battery if home in with_battery else None)
        for home in range(50)
    ]


def _owners(scenario: str) -> tuple[set[int], set[int]]:
    """The ranks of homes that have PV and of those that have a battery.

    From A to B and from B to C five homes get both and five a battery; from C to D ten of those with a battery get PV,
    and five that had nothing.
    """
    sun, store = set(range(15)), {*range(5), *range(15, 20)}
    for step, first in (("B", 20), ("C", 30)):
        if scenario >= step:
            sun |= set(range(first, first + 5))
            store |= set(range(first, first + 10))
    if scenario >= "D":
        only_battery = sorted(store - sun)
        sun |= {*only_battery[:10], *range(40, 45)}
    return sun, store


def margins_permille(homes: int, draw: int) -> list[int]:
    """How much better than the supplier's each home wants its price to be (4.6.1), by chance."""
    drawn = np.random.default_rng([draw, 3]).integers(0, HIGHEST_MARGIN_PERMILLE + 1, homes)
    return [int(margin) for margin in drawn]


def homes_of(
    network: Network,
    equipment: Sequence[Equipment],
    profiles: Profiles,
    day: int,
    sun_wh_per_kwp: Real,
    margins: Sequence[int],
) -> list[Home]:
    """The homes of a day whose forecasts all hold; see `forecast_from_yesterday`."""
    homes = []
    for number, (place, owned) in enumerate(zip(network.homes, equipment, strict=True)):
        load, pv = profiles.load_wh(number, day), sun_wh_per_kwp * owned.pv_wp / 1000
        homes.append(Home(place.id, load, pv, load, pv, owned.battery, margins[number], owned.trades))
    return homes


def forecast_from_yesterday(homes: Sequence[Home], yesterday: Sequence[Home], share: float) -> list[Home]:
    """The same homes with forecasts that are wrong: ``share`` of the way from what will be to what was yesterday.

    1 is the persistence forecast of thesis 6.6.1, 0 a perfect one.
    """
    return [
        replace(
            home,
            expected_load_wh=(1 - share) * home.load_wh + share * before.load_wh,
            expected_pv_wh=(1 - share) * home.pv_wh + share * before.pv_wh,
        )
        for home, before in zip(homes, yesterday, strict=True)
    ]
