"""What a home's inverter has told: load and PV of each slot, and what the battery holds."""

from __future__ import annotations

import math
from typing import NamedTuple

from clients.common.slots import SLOTS_PER_DAY, SLOTS_PER_HOUR
from clients.household.device_use import DeviceUse
from wire.mqtt import History, Telemetry

KEPT_DAYS = 7
KEPT_SLOTS = KEPT_DAYS * SLOTS_PER_DAY


class _Open(NamedTuple):
    """The running slot: powers since ``since`` (share of the slot), and the energy that flowed before."""

    slot: int
    since: float
    load_w: int
    pv_w: int
    grid_w: int
    battery_w: int
    load_wh: float
    pv_wh: float
    grid_wh: float

    def at(self, share: float) -> tuple[float, float, float]:
        """Load and PV energy and what the meter counted up to a share of the slot, Wh."""
        hours = max(0.0, share - self.since) / SLOTS_PER_HOUR
        return (
            self.load_wh + self.load_w * hours,
            self.pv_wh + self.pv_w * hours,
            self.grid_wh + self.grid_w * hours,
        )


class Running(NamedTuple):
    """The running slot from its last telemetry on: ``left`` of it (a share), ``flow_wh`` at its end if powers stay."""

    slot: int
    left: float
    flow_wh: float
    gap_w: int
    battery_w: int


class SoFar(NamedTuple):
    """What has flowed in a running slot until ``share`` of it was over (Wh), and the powers since then."""

    slot: int
    share: float
    load_wh: float
    pv_wh: float
    grid_wh: float
    load_w: int
    pv_w: int
    battery_w: int
    battery_wh: float
    """What the battery holds then."""


class Measurements:
    """Load and PV by slot (Wh). A slot counts as known once a later one is seen; the running one by its powers."""

    def __init__(self, epoch_s: int, slot_seconds: int) -> None:
        self._epoch_ms = epoch_s * 1000
        self._slot_ms = slot_seconds * 1000
        self.load_wh: dict[int, int] = {}
        self.pv_wh: dict[int, int] = {}
        self.battery_wh: int | None = None
        self.newest_slot: int | None = None
        self.devices: dict[str, DeviceUse] = {}
        self._open: _Open | None = None
        self._unkept: set[int] = set()

    def take_history(self, history: History) -> None:
        """Fill in slots before the first one seen; what was measured itself stays."""
        for slot, (load, pv) in enumerate(zip(history.load_wh, history.pv_wh, strict=True), history.first_slot):
            if slot not in self.load_wh:
                self.load_wh[slot], self.pv_wh[slot] = load, pv
                self._unkept.add(slot)

    def restore(self, slot: int, load_wh: int, pv_wh: int) -> None:
        """A slot as it was measured before a restart (Wh)."""
        self.load_wh[slot], self.pv_wh[slot] = load_wh, pv_wh

    def take_unkept(self) -> list[tuple[int, int, int]]:
        """Slots that became known since the last call and are over, with their load and PV (Wh), oldest first."""
        slots, self._unkept = sorted(self._unkept), set()
        return [(slot, self.load_wh[slot], self.pv_wh[slot]) for slot in slots]

    def take_telemetry(self, telemetry: Telemetry) -> None:
        """Follow the powers; an older message than the last changes nothing."""
        share = (telemetry.time_ms - self._epoch_ms) / self._slot_ms - telemetry.slot
        share = min(1.0, max(0.0, share))
        powers = (telemetry.load_w, telemetry.pv_w, telemetry.grid_w)
        last = self._open
        if last is not None and (telemetry.slot, share) < (last.slot, last.since):
            return
        if last is not None and telemetry.slot == last.slot:
            load_wh, pv_wh, grid_wh = last.at(share)
        else:
            # Nobody saw how the slot began: its first powers are taken to hold from its beginning.
            load_wh, pv_wh, grid_wh = (power * share / SLOTS_PER_HOUR for power in powers)
            if last is not None:
                self._close(last)
        self._open = _Open(telemetry.slot, share, *powers, telemetry.battery_w, load_wh, pv_wh, grid_wh)
        self.newest_slot = telemetry.slot
        self.battery_wh = telemetry.energy_wh
        self._note(self._open)

    @property
    def running(self) -> Running | None:
        """The running slot as last heard of."""
        last = self._open
        if last is None:
            return None
        return Running(last.slot, 1.0 - last.since, last.at(1.0)[2], last.load_w - last.pv_w, last.battery_w)

    def so_far(self, time_s: float) -> SoFar | None:
        """The slot last heard of, up to a Unix time; powers are taken to have stayed since the last telemetry."""
        last = self._open
        if last is None or self.battery_wh is None:
            return None
        share = (time_s * 1000 - self._epoch_ms) / self._slot_ms - last.slot
        share = min(1.0, max(last.since, share))
        battery_wh = self.battery_wh - last.battery_w * (share - last.since) / SLOTS_PER_HOUR
        return SoFar(last.slot, share, *last.at(share), last.load_w, last.pv_w, last.battery_w, battery_wh)

    def age_slots(self, now: int) -> float:
        """How many slots ago the inverter was last heard of; infinite when never."""
        return math.inf if self.newest_slot is None else now - self.newest_slot

    def recent(self, slots: int) -> list[tuple[int, int]]:
        """Load and PV (Wh) of the newest known slots, newest first; the running one as its powers suggest."""
        newest = self.newest_slot
        if newest is None:
            newest = max(self.load_wh, default=None)
        if newest is None:
            return []
        known = (slot for slot in range(newest, newest - slots, -1) if slot in self.load_wh)
        return [(self.load_wh[slot], self.pv_wh[slot]) for slot in known]

    def take_device(self, device: str, time_ms: int, power_w: int) -> None:
        """A flexible device takes a power from a time on: it is planned, and so no part of what is forecast."""
        self.devices.setdefault(device, DeviceUse()).take(time_ms, power_w)

    def take_load(self, slot: int, load_wh: float) -> int:
        """What a house took in a slot that is over, where that is known only then (Wh, flexible devices included).

        Returns what of it is forecast: the house's own.
        """
        self.load_wh[slot] = max(0, round(load_wh - self._devices_wh(slot)))
        if slot in self.pv_wh:
            self._unkept.add(slot)
        else:
            self.pv_wh[slot] = 0
        return self.load_wh[slot]

    @property
    def devices_w(self) -> int:
        """What flexible devices take now."""
        return sum(use.power_w for use in self.devices.values())

    @property
    def is_settled(self) -> bool:
        """Whether the last telemetry is not older than what the devices have told."""
        changed_ms = max((use.changed_ms for use in self.devices.values()), default=0)
        last = self._open
        return last is not None and changed_ms <= self._epoch_ms + (last.slot + last.since) * self._slot_ms + 1

    def _note(self, last: _Open) -> None:
        """A slot's load, without what flexible devices take, and PV as they are known or expected (Wh)."""
        load_wh, pv_wh, _ = last.at(1.0)
        self.load_wh[last.slot] = max(0, round(load_wh - self._devices_wh(last.slot)))
        self.pv_wh[last.slot] = round(pv_wh)

    def _devices_wh(self, slot: int) -> float:
        begin_ms = self._epoch_ms + slot * self._slot_ms
        devices_w = sum(use.mean_w(begin_ms, begin_ms + self._slot_ms) for use in self.devices.values())
        return devices_w / SLOTS_PER_HOUR

    def _close(self, last: _Open) -> None:
        self._note(last)
        self._unkept.add(last.slot)
        for old in [slot for slot in self.load_wh if slot <= last.slot - KEPT_SLOTS]:
            del self.load_wh[old], self.pv_wh[old]
            self._unkept.discard(old)
