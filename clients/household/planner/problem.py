"""What a plan is made for: forecasts, prices, limits and devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clients.household.planner.appliance import Appliance
from clients.household.planner.battery import Battery
from clients.household.planner.car import Car
from clients.household.planner.heat_store import HeatStore
from clients.household.planner.vector import Vector

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, eq=False)
class Problem:
    """Forecasts and prices, one value a slot, all of one length; and the home's devices.

    Prices are never negative. ``grid_limit_w`` bounds what is taken and what is injected.
    ``contracted_wh``: what is traded already, bought less sold (v of thesis 4.5.2); it flows whatever the plan is.
    ``sell_only_surplus``: sell in no slot more than PV exceeds load there; the thesis only gives nothing for
    energy that is sold where PV does not exceed load. ``first_slot``: what its first slot is called in words.
    """

    load_wh: Vector
    pv_wh: Vector
    buy_price_neur_per_wh: Vector
    sell_price_neur_per_wh: Vector
    slot_seconds: float
    grid_limit_w: float
    contracted_wh: Vector | None = None
    batteries: tuple[Battery, ...] = ()
    cars: tuple[Car, ...] = ()
    heat_stores: tuple[HeatStore, ...] = ()
    appliances: tuple[Appliance, ...] = ()
    sell_only_surplus: bool = False
    first_slot: int = 0

    @property
    def slots(self) -> int:
        """How many slots the plan covers."""
        return len(self.load_wh)

    @property
    def slot_hours(self) -> float:
        """A slot's length in hours: Wh per W."""
        return self.slot_seconds / SECONDS_PER_HOUR

    @property
    def surplus_wh(self) -> Vector:
        """By how much PV exceeds load in each slot (Wh)."""
        return np.maximum(self.pv_wh - self.load_wh, 0.0)

    @property
    def earned_neur_per_wh(self) -> Vector:
        """-a_1 of (4.5a) and (4.6a): what selling earns, nothing where PV does not exceed load."""
        return np.where(self.pv_wh > self.load_wh, self.sell_price_neur_per_wh, 0.0)
