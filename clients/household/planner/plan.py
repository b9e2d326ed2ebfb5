"""A plan: what to buy, sell, store and run in each slot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clients.household.planner.appliance import AppliancePlan
from clients.household.planner.battery import BatteryPlan
from clients.household.planner.car import CarPlan
from clients.household.planner.heat_store import HeatPlan
from clients.household.planner.limit import Limit, Relaxation
from clients.household.planner.vector import Vector


class Status(StrEnum):
    """How good a plan is.

    ``optimal``: none is cheaper. ``relaxed``: no plan holds all limits; this is the cheapest of those that exceed
    them least, in the order of `Limit`. ``unproved``: it holds all limits, but the time ran out before it was sure that
    none is cheaper.
    """

    OPTIMAL = "optimal"
    RELAXED = "relaxed"
    UNPROVED = "unproved"


@dataclass(frozen=True, eq=False)
class Plan:
    """One value a slot, in Wh; ``battery_wh`` (positive = discharge) and ``energy_wh`` (after the slot) are of all.

    load + cars + heaters + appliances - (pv - unused_pv) = contracted + buy - sell + battery in every slot.
    ``cost_neur``: what was minimised, purchases less sales plus ``wear_neur``.
    ``conflict``: the limits of which any one, had it not been there, would have made a plan possible; and
    ``relaxations``: those that gave. Both are empty unless the status is ``relaxed``.
    """

    status: Status
    cost_neur: float
    wear_neur: float
    buy_wh: Vector
    sell_wh: Vector
    battery_wh: Vector
    energy_wh: Vector
    unused_pv_wh: Vector
    batteries: tuple[BatteryPlan, ...]
    cars: tuple[CarPlan, ...]
    heat_stores: tuple[HeatPlan, ...]
    appliances: tuple[AppliancePlan, ...]
    conflict: tuple[Limit, ...]
    relaxations: tuple[Relaxation, ...]

    @property
    def binding(self) -> str:
        """The limits that bind, in words; empty where no single one does."""
        fields = " or ".join(limit.field for limit in self.conflict)
        return f"without {fields}, all other limits could be held" if fields else ""

    @property
    def relaxed(self) -> tuple[str, ...]:
        """What binds, then what gave, in words for the person; empty unless the status is ``relaxed``."""
        return (*([self.binding] if self.binding else ()), *(relaxation.text for relaxation in self.relaxations))
