"""What all homes did in one slot, as the emulator prints it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from emulator.battery import BatteryRecord
from emulator.clock import Clock
from emulator.household import Household
from emulator.units import MJ_PER_WH
from wire.mqtt import Reading


class Held(TypedDict):
    """What batteries and flexible devices hold, by home.

    ``stored_wh``: each battery at the slot's end; ``batteries_mj``: by what it was charged and discharged in the slot,
    and the least and most that it held. ``set_late_ms``: of set points that came or changed while their slot ran, the
    emulated ms after its beginning. ``devices_wh``: the flexible devices of each home that has some, as
    electricity; ``devices_kept``: how each of them has kept what it is there for since the start.
    """

    stored_wh: dict[str, int]
    batteries_mj: dict[str, BatteryRecord]
    set_late_ms: dict[str, int]
    devices_wh: dict[str, int]
    devices_kept: dict[str, dict[str, dict[str, int]]]


@dataclass(frozen=True)
class SlotSummary:
    """Energies of all homes together, Wh; ``late_s``: how long after its end the slot was closed; ``off``: homes
    whose inverter had disconnected for the slot. For the rest see `Held`."""

    slot: int
    time_s: int
    readings: int
    import_wh: int
    export_wh: int
    load_wh: int
    pv_wh: int
    late_s: float
    off: list[str]
    stored_wh: dict[str, int]
    batteries_mj: dict[str, BatteryRecord]
    set_late_ms: dict[str, int]
    devices_wh: dict[str, int]
    devices_kept: dict[str, dict[str, dict[str, int]]]


def held(households: Mapping[str, Household]) -> Held:
    """At a slot's end; the batteries' records begin anew."""
    batteries = {name: home.battery for name, home in households.items() if home.battery is not None}
    equipped = {name: home.devices for name, home in households.items() if home.devices}
    return Held(
        stored_wh={name: battery.energy_mj // MJ_PER_WH for name, battery in batteries.items()},
        batteries_mj={name: battery.take_record() for name, battery in batteries.items()},
        set_late_ms={name: home.last_set_late_ms for name, home in households.items() if home.last_set_late_ms},
        devices_wh={name: sum(device.held_wh for device in devices.values()) for name, devices in equipped.items()},
        devices_kept={
            name: {device: each.kept() for device, each in devices.items()} for name, devices in equipped.items()
        },
    )


class Summaries:
    """Makes the summary of each slot that has ended; ``day_slot``: the slot of the day's midnight."""

    def __init__(self, households: Mapping[str, Household], day_slot: int, clock: Clock) -> None:
        self._households = households
        self._day_slot = day_slot
        self._clock = clock
        self._devices_mj = 0
        self._off: list[str] = []

    def resume(self) -> None:
        """Count from what the homes have taken so far, having been put back to where they were."""
        self._devices_mj, self._off = self._taken_mj(), self._disconnected()

    def of(self, slot: int, before: Mapping[str, Reading], last: Mapping[str, Reading]) -> SlotSummary:
        """The slot between each home's readings ``before`` and ``last``."""
        in_slot = slot - self._day_slot
        end_s = self._clock.slot_end_s(slot)
        homes = [household.home for household in self._households.values()]
        before_mj, self._devices_mj = self._devices_mj, self._taken_mj()
        # Who disconnects now does so for the slot that has just begun.
        off, self._off = self._off, self._disconnected()
        return SlotSummary(
            slot=slot,
            time_s=end_s,
            readings=len(last),
            import_wh=sum(now.import_wh - before[name].import_wh for name, now in last.items()),
            export_wh=sum(now.export_wh - before[name].export_wh for name, now in last.items()),
            load_wh=sum(home.load_at(in_slot) for home in homes) // 6 + (self._devices_mj - before_mj) // MJ_PER_WH,
            pv_wh=sum(home.pv_at(in_slot) for home in homes) // 6,
            late_s=round(max(0.0, time.time() - end_s), 3),
            off=off,
            **held(self._households),
        )

    def _disconnected(self) -> list[str]:
        """Homes whose inverter is off in the running slot."""
        return [name for name, home in self._households.items() if home.off_in_slot == home.slot]

    def _taken_mj(self) -> int:
        """What the flexible devices have taken so far."""
        return sum(device.energy_mj for home in self._households.values() for device in home.devices.values())
