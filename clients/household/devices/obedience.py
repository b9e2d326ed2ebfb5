"""Whether a home's inverter does what it has accepted, by its own telemetry."""

from __future__ import annotations

from typing import NamedTuple

from clients.common.slots import SLOTS_PER_HOUR
from clients.household.battery import BatteryLimits
from wire.mqtt import Nameplate, Telemetry

REACTION_S = 10.0
"""An inverter may take so long to react, to a set point or to a load (a tenth of a slot, where that is shorter)."""

ASTRAY_WH = 25
ASTRAY_PERMILLE = 50
"""A slot that is heading so far away from what is followed is heading elsewhere, in Wh and of the flow."""

WRONG_WAY_W = 150
"""What a battery may give into the grid, or take from it, under self-consumption."""

# A slot's first telemetry comes with it; later, nobody knows what had flowed.
_BEGINNING = 0.02


class Stretch(NamedTuple):
    """Powers that stayed from the share ``begin`` of a slot on for ``lasted_s`` seconds.

    ``grid_wh``: what had flowed through the meter in the slot when they began; None where its beginning wasn't seen.
    """

    powers: Telemetry
    begin: float
    lasted_s: float
    grid_wh: float | None


class Stretches:
    """Makes telemetry, which is sent whenever a power changes, into stretches."""

    def __init__(self) -> None:
        self._last: Stretch | None = None

    def ended_by(self, plate: Nameplate, telemetry: Telemetry) -> Stretch | None:
        """The stretch that is over now; None at first."""
        slot_ms = plate.slot_seconds * 1000
        begin_ms = plate.epoch_s * 1000 + telemetry.slot * slot_ms
        begin = min(1.0, max(0.0, (telemetry.time_ms - begin_ms) / slot_ms))
        last = self._last
        grid_wh = None
        ended = None
        if last is not None:
            same = last.powers.slot == telemetry.slot
            until = begin if same else 1.0
            ended = last._replace(lasted_s=max(0.0, until - last.begin) * plate.slot_seconds)
            if same and last.grid_wh is not None:
                grid_wh = last.grid_wh + last.powers.grid_w * max(0.0, begin - last.begin) / SLOTS_PER_HOUR
        if grid_wh is None and begin <= _BEGINNING:
            grid_wh = telemetry.grid_w * begin / SLOTS_PER_HOUR
        self._last = Stretch(telemetry, begin, 0.0, grid_wh)
        return ended

    def forget(self) -> None:
        """The equipment is another one."""
        self._last = None


def follows(stretch: Stretch, target_wh: int, limits: BatteryLimits) -> bool | None:
    """Whether the slot was heading for its flow, or the battery could do no more for it; None where nobody knows."""
    if stretch.grid_wh is None:
        return None
    powers, left = stretch.powers, 1.0 - stretch.begin
    gives_wh = powers.battery_w / SLOTS_PER_HOUR * left
    missed_wh = stretch.grid_wh + powers.grid_w / SLOTS_PER_HOUR * left - target_wh
    best_wh = limits.reachable_wh(powers.energy_wh, round(gives_wh + missed_wh), left)
    return abs(best_wh - gives_wh) <= max(ASTRAY_WH, abs(target_wh) * ASTRAY_PERMILLE // 1000)


def consumes_its_own(powers: Telemetry) -> bool:
    """Whether the battery neither feeds in nor takes from the grid; that it does nothing may have its reasons."""
    gap_w = powers.load_w - powers.pv_w
    return min(0, gap_w) - WRONG_WAY_W <= powers.battery_w <= max(0, gap_w) + WRONG_WAY_W
