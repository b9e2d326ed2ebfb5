"""What the homes' flows did to the network that they stand on: solved anew from what was proved, and without market."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from clients.common.grid.grid import PHASE_CODES, Grid
from clients.common.grid.network import Network
from clients.common.grid.shipped import load
from clients.common.grid.solution import Solution
from clients.common.slots import SLOTS_PER_HOUR
from emulator.homes import Home
from node.run.comparison import WithoutMarket
from node.run.daylog import DayLog
from node.run.timing import Timing
from wire.control import Phase
from wire.phase_switch import PHASE_NAMES

# A slot stands for ten minutes of the grid, however long it lasts in the run.
GRID_SLOT_SECONDS: Final = 600
# The first on which all homes of a run stand is theirs.
_NETWORKS: Final = ("thesis-33", "thesis-50")


class GridDay(NamedTuple):
    """The settled slots of a run on its network; ``hours`` of the day at which they begin."""

    with_market: Solution
    without_market: Solution
    hours: tuple[float, ...]


def network_of(homes: Sequence[Home]) -> Network | None:
    """The network on which all homes stand, or None: homes that were made by repeating others stand on none."""
    for name in _NETWORKS:
        network = load(name)
        if {home.id for home in homes} <= {home.id for home in network.homes}:
            return network
    return None


def solve_day(
    homes: Sequence[tuple[Home, bytes]], log: DayLog, timing: Timing, alone: Mapping[str, WithoutMarket]
) -> GridDay | None:
    """The day's settled slots, which are the first ones; None where there are none, or no network is known.

    ``homes`` are with their accounts, ``alone`` their days without the market by id. Homes of the network that the run
    has not draw nothing; with the market each is on the phase that its switch has confirmed.
    """
    network = network_of([home for home, _ in homes])
    slots = log.slots_settled
    if network is None or not slots:
        return None
    grid = Grid(network)
    column = {home.id: number for number, home in enumerate(network.homes)}
    with_w, without_w = np.zeros((slots, len(column))), np.zeros((slots, len(column)))
    phases = np.tile([PHASE_CODES[home.phase] for home in network.homes], (slots, 1))
    switched = _switched(log)
    for home, account in homes:
        here = column[home.id]
        without_w[:, here] = [wh * SLOTS_PER_HOUR for wh in alone[home.id].flows_wh[:slots]]
        for index in range(slots):
            slot = log.by_slot.get(log.first_slot + index)
            with_w[index, here] = slot.flows_wh.get(account, 0) * SLOTS_PER_HOUR if slot else 0.0
        for slot_number, phase in switched[account]:
            phases[max(0, slot_number - log.first_slot) :, here] = PHASE_CODES[PHASE_NAMES[phase]]
    hours = tuple((log.first_slot + index - timing.day_slot) / SLOTS_PER_HOUR for index in range(slots))
    return GridDay(grid.solve(with_w, phases=phases), grid.solve(without_w), hours)


def _switched(log: DayLog) -> defaultdict[bytes, list[tuple[int, Phase]]]:
    """Per account the slots from which its switch has been on a phase, in order."""
    found: defaultdict[bytes, list[tuple[int, Phase]]] = defaultdict(list)
    for slot, account, phase in sorted(log.switched):
        found[account].append((slot, phase))
    return found
