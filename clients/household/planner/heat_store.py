"""Heat that can be made earlier than it is needed: a water heater's tank, or a house with a heat pump."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from clients.household.planner.limit import Limit
from clients.household.planner.model import INFINITY, Model
from clients.household.planner.vector import Indices, Vector


@dataclass(frozen=True, eq=False)
class HeatStore:
    """A store of heat at one temperature, and the heater that keeps it within a comfort band.

    ``power_w``: electric, at most; ``heat_per_wh``: heat made of a Wh (1 for a heating rod, the coefficient of
    performance for a heat pump); ``demand_wh``: heat drawn in each slot; ``surroundings_c``: the temperature that heat
    is lost to. What may change from slot to slot is a number or a vector.
    """

    temperature_c: float
    heat_capacity_wh_per_k: float
    power_w: float
    min_c: float | Vector
    max_c: float | Vector
    heat_per_wh: float | Vector = 1.0
    demand_wh: float | Vector = 0.0
    loss_w_per_k: float = 0.0
    surroundings_c: float | Vector = 20.0
    end_c: float | None = None
    name: str = "heat store"


class HeatPlan(NamedTuple):
    """What the heater takes in each slot (Wh) and the temperature after it (degrees Celsius)."""

    name: str
    heater_wh: Vector
    temperature_c: Vector


class HeatBlock:
    """The columns of a heat store in a program: the heater's energy, and the temperature after each slot.

    With heat flows constant in a slot of length h, C dT/dt = q - U (T - T_s) has the exact solution
    T(h) = T_s + a (T(0) - T_s) + (1 - a) / (U h / C) * q h / C with a = exp(-U h / C), which is linear in q.
    """

    def __init__(self, store: HeatStore, model: Model, balance: Indices, slot_hours: float) -> None:
        count = len(balance)
        self.store = store
        self.slot_wh = store.power_w * slot_hours
        exponent = store.loss_w_per_k * slot_hours / store.heat_capacity_wh_per_k
        kept = math.exp(-exponent)
        warmth_k_per_wh = (-math.expm1(-exponent) / exponent if exponent else 1.0) / store.heat_capacity_wh_per_k
        self.heater = model.columns(count, 0.0, self.slot_wh, moves=True)
        model.put(balance, self.heater, -1.0)
        band = (store.min_c, store.max_c)
        self.temperature = model.soft_columns(Limit.COMFORT, store.name, count, band, (-INFINITY, INFINITY))
        without = np.zeros(count) + (1.0 - kept) * store.surroundings_c - warmth_k_per_wh * store.demand_wh
        without[0] += kept * store.temperature_c
        evolution = model.rows(count, without, without)
        model.put(evolution, self.temperature, 1.0)
        model.put(evolution[1:], self.temperature[:-1], -kept)
        model.put(evolution, self.heater, -warmth_k_per_wh * np.broadcast_to(store.heat_per_wh, count))
        if store.end_c is not None:
            end = model.soft_rows(Limit.COMFORT, store.name, 1, store.end_c, INFINITY)
            model.put(end, self.temperature[-1:], 1.0)

    def read(self, x: Vector) -> HeatPlan:
        """The plan that a solution means."""
        return HeatPlan(self.store.name, np.clip(x[self.heater], 0.0, self.slot_wh), x[self.temperature])
