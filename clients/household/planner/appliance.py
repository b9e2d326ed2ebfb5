"""An appliance that runs once, at a time that the plan chooses: a dishwasher, a washing machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from clients.household.planner.limit import Limit
from clients.household.planner.model import Model
from clients.household.planner.vector import Indices, Vector, vector


@dataclass(frozen=True)
class Appliance:
    """A run that takes ``profile_wh`` in consecutive slots and can't be interrupted.

    It starts in ``earliest_slot`` or later and is done before the start of ``deadline_slot`` (of the plan, from 0).
    """

    profile_wh: tuple[float, ...]
    deadline_slot: int
    earliest_slot: int = 0
    name: str = "appliance"

    def starts(self, slots: int) -> range:
        """The slots of a plan that it can start in."""
        return range(self.earliest_slot, min(self.deadline_slot, slots) - len(self.profile_wh) + 1)


class AppliancePlan(NamedTuple):
    """When it starts, None if it is not run; and what it takes in each slot (Wh)."""

    name: str
    start_slot: int | None
    appliance_wh: Vector


class ApplianceBlock:
    """The columns of an appliance in a program: a binary for each slot it can start in, of which one is chosen."""

    def __init__(self, appliance: Appliance, model: Model, balance: Indices) -> None:
        self.appliance = appliance
        self._slots = len(balance)
        starts = np.array(appliance.starts(self._slots), dtype=np.int32)
        self.start = model.columns(len(starts), 0.0, 1.0, integer=True)
        for offset, energy_wh in enumerate(appliance.profile_wh):
            model.put(balance[starts + offset], self.start, -energy_wh)
        once = model.soft_rows(Limit.APPLIANCE, appliance.name, 1, 1.0, 1.0)
        model.put(once, self.start, 1.0)

    def read(self, x: Vector) -> AppliancePlan:
        """The plan that a solution means."""
        taken = np.zeros(self._slots)
        chosen = np.flatnonzero(x[self.start] > 0.5)
        if not len(chosen):
            return AppliancePlan(self.appliance.name, None, taken)
        start = self.appliance.starts(self._slots)[int(chosen[0])]
        taken[start : start + len(self.appliance.profile_wh)] = vector(self.appliance.profile_wh)
        return AppliancePlan(self.appliance.name, start, taken)
