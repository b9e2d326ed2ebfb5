"""Homes on other phases: once and for all (static), or slot by slot by the DSO's own allocation (chapter 5)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.network import PHASES, Network
from clients.dso.phases.allocation import allocate
from clients.dso.phases.household import Household
from studies.arrays import Real, Whole

Phases = NDArray[np.intp]
"""0, 1, 2 for a, b, c: (homes,) or (slots, homes)."""


class Switching:
    """A network's homes as the allocation sees them."""

    def __init__(self, network: Network) -> None:
        feeders = feeder_of_bus(network)
        self.ids = [home.id for home in network.homes]
        self.feeders = [feeders[home.bus] for home in network.homes]
        self.own: Phases = np.array([PHASES.index(home.phase) for home in network.homes], np.intp)

    def allocated(
        self,
        phases: Phases,
        commitment_wh: Whole,
        movable: Collection[int],
        taking_part: Collection[int] | None = None,
        most: int | None = None,
    ) -> Phases:
        """Where ``movable`` homes should be, given where all are: (5.1) to (5.5).

        ``taking_part`` are the homes whose flows are balanced, those in the market (all if left out); ``most`` limits
        how many move.
        """
        counted = range(len(self.ids)) if taking_part is None else sorted(taking_part)
        homes = [
            Household(
                self.ids[home],
                self.feeders[home],
                PHASES[phases[home]],
                int(commitment_wh[home]),
                home in movable,
            )
            for home in counted
        ]
        found = allocate(homes, max_switchings=most).phases
        after = phases.copy()
        for home in counted:
            after[home] = PHASES.index(found[self.ids[home]])
        return after

    def day(self, committed_wh: Whole, switched: Collection[int], taking_part: Collection[int] | None = None) -> Phases:
        """The phases of a day, (slots, homes): each slot's from its commitments and from where homes were before."""
        phases, day = self.own, []
        for commitment_wh in committed_wh:
            phases = self.allocated(phases, commitment_wh, switched, taking_part)
            day.append(phases)
        return np.array(day)

    def moved_for_good(
        self, mean_wh: Real, most: int, allowed: Collection[int] | None = None, start: Phases | None = None
    ) -> Phases:
        """The static approach: the ``most`` homes of those ``allowed`` whose moving balances mean flows best."""
        movable = range(len(self.ids)) if allowed is None else allowed
        phases = self.own if start is None else start
        return self.allocated(phases, np.round(mean_wh).astype(np.int64), movable, most=most)
