"""The same home on the same day without the market: what its meter would have shown by self-consumption alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from emulator.device import EmulatedDevice
from emulator.homes import Home
from emulator.household import Household, SlotEnd
from emulator.meter import Registers
from emulator.units import MJ_PER_WH, SLOT_MS, SLOTS_A_DAY


class Shadow(NamedTuple):
    """Import and export of each slot, and what the battery held at the beginning and the end (0 without one), Wh.

    Where the battery ends elsewhere than in the run to compare with, the bills differ by the worth of that energy.
    """

    flows: list[Registers]
    battery_start_wh: int
    battery_end_wh: int


def shadow(
    home: Home, slots: int = SLOTS_A_DAY, day_slot: int = 0, devices: Sequence[EmulatedDevice[Any]] = ()
) -> Shadow:
    """Slots 0 to ``slots`` - 1 in whole Wh as the home's meter counts them.

    Slot ``day_slot`` is midnight of the home's day, as in the run to compare with; battery and meter start as there,
    and ``devices``, which are moved on to the end, go on their own.
    Raises ValueError for a negative number of slots.
    """
    if slots < 0:
        raise ValueError(f"slots is {slots}; give 0 or more")
    household = Household(home, day_slot, devices=devices)
    start_wh = _battery_wh(household)
    before = household.first_reading().registers
    flows = []
    for event in household.advance(slots * SLOT_MS):
        if isinstance(event, SlotEnd):
            after = event.registers
            flows.append(Registers(after.import_wh - before.import_wh, after.export_wh - before.export_wh))
            before = after
    return Shadow(flows, start_wh, _battery_wh(household))


def shadow_day(home: Home, slots: int = SLOTS_A_DAY, day_slot: int = 0) -> list[int]:
    """Net flow of each slot, Wh, positive = taken from the grid; see shadow."""
    return [flow.net_wh for flow in shadow(home, slots, day_slot).flows]


def _battery_wh(household: Household) -> int:
    return household.battery.energy_mj // MJ_PER_WH if household.battery else 0
