"""What all homes did in one slot, as the emulator prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from emulator.battery import BatteryRecord
from emulator.household import Household
from emulator.units import MJ_PER_WH


class Held(TypedDict):
    """What batteries and flexible devices hold, by home.

    ``stored_wh``: each battery at the slot's end; ``batteries_mj``: by what it was charged and discharged in the slot,
    and the least and most that it held. ``devices_wh``: the flexible devices of each home that has some, as
    electricity; ``devices_kept``: how each of them has kept what it is there for since the start.
    """

    stored_wh: dict[str, int]
    batteries_mj: dict[str, BatteryRecord]
    devices_wh: dict[str, int]
    devices_kept: dict[str, dict[str, dict[str, int]]]


@dataclass(frozen=True)
class SlotSummary:
    """Energies of all homes together, Wh; ``late_s``: how long after its end the slot was closed. For the rest see
    `Held`."""

    slot: int
    time_s: int
    readings: int
    import_wh: int
    export_wh: int
    load_wh: int
    pv_wh: int
    late_s: float
    stored_wh: dict[str, int]
    batteries_mj: dict[str, BatteryRecord]
    devices_wh: dict[str, int]
    devices_kept: dict[str, dict[str, dict[str, int]]]


def held(households: Mapping[str, Household]) -> Held:
    """At a slot's end; the batteries' records begin anew."""
    batteries = {name: home.battery for name, home in households.items() if home.battery is not None}
    equipped = {name: home.devices for name, home in households.items() if home.devices}
    return Held(
        stored_wh={name: battery.energy_mj // MJ_PER_WH for name, battery in batteries.items()},
        batteries_mj={name: battery.take_record() for name, battery in batteries.items()},
        devices_wh={name: sum(device.held_wh for device in devices.values()) for name, devices in equipped.items()},
        devices_kept={
            name: {device: each.kept() for device, each in devices.items()} for name, devices in equipped.items()
        },
    )
