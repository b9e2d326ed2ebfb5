"""A battery: what it can, its part of the program, and what it is planned to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from clients.household.planner.limit import Limit
from clients.household.planner.model import INFINITY, Model
from clients.household.planner.vector import Indices, Vector


@dataclass(frozen=True)
class Battery:
    """A battery at the beginning of a plan. Flows are counted at its terminals, energy inside (Wh).

    ``min_soc``, ``max_soc``: shares of the capacity. ``end_energy_wh``: what it must hold after the last slot, by
    default what it holds now, or the nearest edge of the band if that is outside (e_T = e_0, thesis 4.5.1).
    ``max_throughput_wh``: what may flow in and out in all; a full cycle is twice the capacity (`cycles_wh`).
    Beyond the thesis: efficiencies of charging and discharging, and what a Wh of throughput costs in wear; and
    ``end_worth_neur_per_wh``: if given, the end is free, and each Wh that is left is worth so much to the plan, which
    its ``cost_neur`` leaves out.
    """

    capacity_wh: float
    energy_wh: float
    power_w: float
    min_soc: float = 0.2
    max_soc: float = 0.8
    end_energy_wh: float | None = None
    max_throughput_wh: float | None = None
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0
    wear_neur_per_wh: float = 0.0
    end_worth_neur_per_wh: float | None = None
    name: str = "battery"

    def cycles_wh(self, cycles: float) -> float:
        """The throughput of so many full cycles: in and out once each is one (Wh)."""
        return 2.0 * self.capacity_wh * cycles

    @property
    def min_wh(self) -> float:
        """The least energy it should hold (Wh)."""
        return self.min_soc * self.capacity_wh

    @property
    def max_wh(self) -> float:
        """The most energy it should hold (Wh)."""
        return self.max_soc * self.capacity_wh

    @property
    def target_wh(self) -> float:
        """What it should hold after the last slot (Wh)."""
        if self.end_energy_wh is not None:
            return self.end_energy_wh
        return min(max(self.energy_wh, self.min_wh), self.max_wh)

    @property
    def lossless(self) -> bool:
        """Whether what goes in comes out."""
        return self.charge_efficiency == self.discharge_efficiency == 1.0


class BatteryPlan(NamedTuple):
    """One battery's part of a plan, one value a slot.

    ``battery_wh``: the flow at the terminals, positive = discharge; ``energy_wh``: what it holds after the slot.
    """

    name: str
    battery_wh: Vector
    energy_wh: Vector


class BatteryBlock:
    """The columns of a battery in a program: charge, discharge, and energy after each slot.

    e_t = e_(t-1) + charge * efficiency - discharge / efficiency, which is the thesis's e_t = e_(t-1) - s_t without
    losses; (4.4c) bounds the energy, (4.4f) the flows.
    """

    def __init__(self, battery: Battery, model: Model, balance: Indices, slot_hours: float, *, exclusive: bool) -> None:
        count = len(balance)
        self.battery = battery
        self.slot_wh = battery.power_w * slot_hours
        self.charge = model.columns(count, 0.0, self.slot_wh, neur_per_wh=battery.wear_neur_per_wh, moves=True)
        self.discharge = model.columns(count, 0.0, self.slot_wh, neur_per_wh=battery.wear_neur_per_wh, moves=True)
        band = (battery.min_wh, battery.max_wh)
        worth = np.zeros(count)
        worth[-1] = -(battery.end_worth_neur_per_wh or 0.0)
        self.energy = model.soft_columns(
            Limit.STATE_OF_CHARGE, battery.name, count, band, (0.0, battery.capacity_wh), neur_per_wh=worth
        )
        model.put(balance, self.discharge, 1.0)
        model.put(balance, self.charge, -1.0)
        before = np.zeros(count)
        before[0] = battery.energy_wh
        evolution = model.rows(count, before, before)
        model.put(evolution, self.energy, 1.0)
        model.put(evolution[1:], self.energy[:-1], -1.0)
        model.put(evolution, self.charge, -battery.charge_efficiency)
        model.put(evolution, self.discharge, 1.0 / battery.discharge_efficiency)
        if battery.end_worth_neur_per_wh is None:
            end = model.soft_rows(Limit.END_ENERGY, battery.name, 1, battery.target_wh, battery.target_wh)
            model.put(end, self.energy[-1:], 1.0)
        if battery.max_throughput_wh is not None:
            throughput = model.soft_rows(Limit.CYCLES, battery.name, 1, -INFINITY, battery.max_throughput_wh)
            model.put(throughput, np.concatenate([self.charge, self.discharge]), 1.0)
        if exclusive and not battery.lossless:
            model.exclusive(self.charge, self.slot_wh, self.discharge, self.slot_wh)

    def overlap_wh(self, x: Vector) -> float:
        """The most that a solution charges and discharges in one slot; without losses, the difference does the same."""
        if self.battery.lossless:
            return 0.0
        return float(np.minimum(x[self.charge], x[self.discharge]).max())

    def wear_neur(self, plan: BatteryPlan) -> float:
        """What a plan costs in wear."""
        return self.battery.wear_neur_per_wh * float(np.abs(plan.battery_wh).sum())

    def read(self, x: Vector) -> BatteryPlan:
        """The plan that a solution means."""
        flow = np.clip(x[self.discharge] - x[self.charge], -self.slot_wh, self.slot_wh)
        return BatteryPlan(self.battery.name, flow, np.clip(x[self.energy], 0.0, self.battery.capacity_wh))
