"""What a run has beside homes and market, by chapter of the thesis: a grid, phase switches, real-time control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clients.common.grid import shipped
from clients.common.grid.feeders import feeder_of_bus
from clients.common.grid.network import Network
from emulator.scenario import NETWORKS, Scenario

# Chapter 5.4: 12 % of the homes, 6 of 50, reach parity with a neighbourhood without distributed generation.
_SWITCHES = 6


@dataclass(frozen=True)
class GridPlan:
    """The grid of a scenario, and what its DSO does there. ``switched``: the homes with a phase switch."""

    scenario: Scenario
    switched: tuple[str, ...]
    controlled: bool
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


def plan_of(scenario: Scenario) -> GridPlan:
    """What a chapter's run has."""
    homes = [home.id for home in shipped.load(NETWORKS[scenario]).homes]
    # Spread along the network; `clients.dso.phases` has better ways to choose once a year of flows is known.
    spread = tuple(homes[number * len(homes) // _SWITCHES] for number in range(_SWITCHES))
    match scenario:
        case Scenario.CHAPTER_4:
            return GridPlan(scenario, (), False, 5, *_WHOLE_DAY)
        case Scenario.CHAPTER_5:
            return GridPlan(scenario, spread, False, 5, *_WHOLE_DAY)
        case Scenario.CHAPTER_6:
            return GridPlan(scenario, spread, True, 20, *_NOON)
