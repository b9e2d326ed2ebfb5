"""Days that nobody has planned: flows by chance, as far as grid and phases are concerned."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from clients.common.grid import shipped
from clients.common.grid.grid import Grid
from studies.batteries import Batteries
from studies.day import Commitments, Day
from studies.equipment import Equipment, ideal_battery
from studies.flexibility import Costs, Flexibility
from studies.noon import BATTERY
from studies.prices import terms_of
from studies.switching import Switching
from studies.week import Week
from tests.studies import made

GRID_50: Final = Grid(shipped.load("thesis-50"))
HOMES: Final = 50
# A few slots are enough where nobody plans a day.
FEW: Final = 8


def day(seed: int, most_wh: float = 400.0, slots: int = FEW) -> Day:
    """Every home takes or gives a little always and something else each slot; half of it was traded."""
    random = np.random.default_rng(seed)
    flow = random.uniform(-most_wh, most_wh, HOMES) + random.uniform(-most_wh / 2, most_wh / 2, (slots, HOMES))
    whole, zero = np.round(flow).astype(np.int64), np.zeros((slots, HOMES), np.int64)
    return Day(flow, zero, np.zeros_like(flow), whole // 2, zero, whole - whole // 2, np.zeros_like(flow), 0 * flow)


def week(seed: int = 0) -> Week:
    """A day with the market and one without, of homes every third of which has PV."""
    equipment = [
        Equipment(4000 if number % 3 == 0 else 0, ideal_battery(6000), trades=number % 4 == 0)
        for number in range(HOMES)
    ]
    return Week(GRID_50, equipment, Switching(GRID_50.network), [day(seed + 100, 300)], [day(seed)])


def slot(net_load_wh: float, number: int = 72, committed_wh: int = 0) -> tuple[Commitments, Flexibility, Batteries]:
    """A slot in which every home takes so much and has committed something else; two of three have a battery."""
    nothing, zero = np.zeros(144), np.zeros(HOMES, np.int64)
    homes = [
        replace(made.homes()[0], id=place.id, battery=BATTERY if at % 3 else None, load_wh=nothing, pv_wh=nothing)
        for at, place in enumerate(GRID_50.network.homes)
    ]
    agreed = Commitments(number, np.full(HOMES, net_load_wh), np.zeros(HOMES), zero, zero, zero + committed_wh)
    sun = made.sun()
    flexibility = Flexibility(homes, terms_of(sun, 20, 2), sun, Costs())
    return agreed, flexibility, flexibility.stores(homes)
