"""What a run has beside homes and market, by chapter of the thesis: a grid with real-time control, phase switches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from clients.common.grid import shipped
from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.network import Network
from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.dso.phases.selection import Candidate, Method, select
from emulator.homes import Home
from emulator.scenario import NETWORKS, Scenario, homes_of

# Chapter 5.4: 12 % of the homes, 6 of 50, reach parity with a neighbourhood without distributed generation.
_SWITCHES = 6
# What a DSO has measured of its homes when it places switches.
_KNOWN_DAYS = 7


@dataclass(frozen=True)
class GridPlan:
    """The grid of a scenario, whose DSO watches it and controls flows in all of them.

    ``switched``: the homes with a phase switch. ``strained``: limits are reached, so plans leave room for control,
    slots have caps, and blocks are quick.
    """

    scenario: Scenario
    switched: tuple[str, ...]
    strained: bool
    slot_seconds: int
    """How long slots last unless a user says otherwise: control needs seconds within one."""
    from_slot: int
    slots: int

    @property
    def network(self) -> Network:
        """The network itself."""
        return shipped.load(NETWORKS[self.scenario])

    def connection_of(self, home: str) -> tuple[str, str]:
        """The feeder of a home, and the phase on which it was built. Raises: KeyError."""
        network = self.network
        places = {each.id: each for each in network.homes}
        return feeder_of_bus(network)[places[home].bus], places[home].phase


_WHOLE_DAY: Final = (0, 144)
# 10 am to 2 pm, in which the thesis looks at control (section 6.3).
_NOON: Final = (60, 24)


def plan_of(scenario: Scenario, day: str) -> GridPlan:
    """What a chapter's run on a day (MM-DD) has. Raises: ValueError for a day not in the data."""
    homes = homes_of(scenario, day)
    match scenario:
        case Scenario.CHAPTER_4:
            return GridPlan(scenario, (), False, 5, *_WHOLE_DAY)
        case Scenario.CHAPTER_5:
            return GridPlan(scenario, switched_homes(scenario, homes), False, 5, *_WHOLE_DAY)
        case Scenario.CHAPTER_6:
            return GridPlan(scenario, switched_homes(scenario, homes), True, 20, *_NOON)


def switched_homes(scenario: Scenario, homes: Sequence[Home]) -> tuple[str, ...]:
    """The homes that get a switch: by the hybrid selection (5.2.3), on the mean flows of the week before the day."""
    network = shipped.load(NETWORKS[scenario])
    feeders, lived = feeder_of_bus(network), {home.id: home for home in homes}
    week = range(-_KNOWN_DAYS * SLOTS_PER_DAY, 0)
    candidates = []
    for at in network.homes:
        home = lived[at.id]
        mean_w = float(np.mean([home.load_at(slot) - home.pv_at(slot) for slot in week]))
        feeder, mean_wh = feeders[at.bus], round(mean_w / SLOTS_PER_HOUR)
        candidates.append(Candidate(at.id, feeder, at.phase, mean_wh, bool(home.pv_wp)))
    return tuple(chosen.id for chosen in select(candidates, _SWITCHES, Method.HYBRID).chosen)
