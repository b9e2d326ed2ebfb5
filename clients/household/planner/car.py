"""An electric car that must have some energy by its departure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from clients.household.planner.limit import Limit
from clients.household.planner.model import INFINITY, Model
from clients.household.planner.vector import Indices, Vector


@dataclass(frozen=True)
class Car:
    """A car at its charger from the start of ``arrival_slot`` to the start of ``departure_slot`` (of the plan, from 0).

    ``needed_wh``: what must be added to its battery by then; ``charge_efficiency``: the share of what the charger
    takes (at most ``power_w``) that arrives there.
    """

    needed_wh: float
    power_w: float
    departure_slot: int
    arrival_slot: int = 0
    charge_efficiency: float = 1.0
    name: str = "car"


class CarPlan(NamedTuple):
    """What the charger takes in each slot (Wh)."""

    name: str
    charge_wh: Vector


class CarBlock:
    """The columns of a car in a program: the charge in each slot, none while it is away."""

    def __init__(self, car: Car, model: Model, balance: Indices, slot_hours: float) -> None:
        count = len(balance)
        self.car = car
        slots = np.arange(count)
        self.slot_wh = np.where(
            (slots >= car.arrival_slot) & (slots < car.departure_slot), car.power_w * slot_hours, 0.0
        )
        self.charge = model.columns(count, 0.0, self.slot_wh, moves=True)
        model.put(balance, self.charge, -1.0)
        needed = model.soft_rows(Limit.CAR, car.name, 1, car.needed_wh, INFINITY)
        model.put(needed, self.charge, car.charge_efficiency)

    def read(self, x: Vector) -> CarPlan:
        """The plan that a solution means."""
        return CarPlan(self.car.name, np.clip(x[self.charge], 0.0, self.slot_wh))
