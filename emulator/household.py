"""One home in motion: load, PV, battery, inverter and meter, moved exactly from one event to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from emulator.battery import Battery
from emulator.device import EmulatedDevice
from emulator.homes import Home
from emulator.inverter import Stretch, plan
from emulator.meter import Meter, Registers
from emulator.setpoints import SetPoints
from emulator.units import SLOT_MS
from wire.mqtt import SetPoint, StatusCode


class SlotEnd(NamedTuple):
    """The meter was read at the end of ``slot``."""

    slot: int
    sequence: int
    registers: Registers


class Powers(NamedTuple):
    """Constant powers from ``at_ms`` (emulated) on; the grid's is what the others leave."""

    at_ms: int
    slot: int
    load_w: int
    pv_w: int
    curtailed_w: int
    battery_w: int
    energy_mj: int

    @property
    def grid_w(self) -> int:
        """Power from the grid."""
        return self.load_w - (self.pv_w - self.curtailed_w) - self.battery_w


class Household:
    """A home from ``first_slot`` on; ``day_slot`` is the slot of its profile's first midnight.

    Sums of all energies since the start are kept in mJ: load - (pv - curtailed) = battery + grid holds to the last
    one. The load is the profile's and what ``devices`` take besides; they move with the home alone, so that its meter
    counts them.
    """

    def __init__(
        self, home: Home, day_slot: int = 0, first_slot: int = 0, devices: Sequence[EmulatedDevice[Any]] = ()
    ) -> None:
        self.home = home
        self.day_slot = day_slot
        self.devices = {device.rating.device: device for device in devices}
        self.battery = Battery(home.battery) if home.battery else None
        self.meter = Meter.installed(home.meter)
        self.set_points = SetPoints(home.battery)
        self.now_ms = first_slot * SLOT_MS
        self.load_mj = self.pv_mj = self.curtailed_mj = self.battery_mj = self.grid_mj = 0
        self._slot_start = self.meter.registers()
        # The slot in which the inverter stays off after an overvoltage.
        self.off_in_slot: int | None = None
        # Emulated ms after its beginning at which the set point of the running slot changed last, and that of the slot
        # before; 0 where it was there.
        self._set_late_ms = self.last_set_late_ms = 0
        self._stretches: list[Stretch] = []
        self._plan()

    @property
    def slot(self) -> int:
        """The slot that is running."""
        return self.now_ms // SLOT_MS

    @property
    def next_event_ms(self) -> int:
        """Emulated time at which powers change next: a battery limit, a device or the slot's end."""
        events = [device.next_event_ms for device in self.devices.values()]
        return min([self.now_ms + self._stretches[0].duration_ms, *(at for at in events if at is not None)])

    @property
    def load_w(self) -> int:
        """What the house and its devices take now."""
        return self.home.load_at(self.slot - self.day_slot) + self._devices_w

    def first_reading(self) -> SlotEnd:
        """The baseline: the meter as it stands at the beginning of the running slot."""
        return self._read(self.slot - 1)

    def advance(self, to_ms: int) -> list[SlotEnd | Powers]:
        """Moves on to an emulated time and returns what happened on the way, in order. Earlier times do nothing."""
        happened: list[SlotEnd | Powers] = []
        while self.now_ms < to_ms:
            stretch = self._stretches[0]
            part, devices_w = stretch, self._devices_w
            step_ms = min(to_ms, self.next_event_ms) - self.now_ms
            if step_ms < stretch.duration_ms:
                part = stretch.part(step_ms)
            self._flow(part)
            self._stretches[:1] = [stretch.rest(part)] if part is not stretch else []
            if self.now_ms % SLOT_MS == 0:
                happened.append(self._read(self.slot - 1))
                self._slot_start = self.meter.registers()
                self.set_points.forget_before(self.slot)
                self.last_set_late_ms, self._set_late_ms = self._set_late_ms, 0
                self._plan()
            elif self._devices_w != devices_w:
                self._plan()
            elif part is not stretch:
                continue
            happened.append(self.powers())
        return happened

    def offer(self, set_point: SetPoint) -> tuple[StatusCode, str]:
        """Takes or refuses a set point now; one for the running slot acts at once. See SetPoints.offer."""
        before = self.set_points.of(self.slot)
        code, reason = self.set_points.offer(set_point, self.slot)
        if code is StatusCode.ACCEPTED and set_point.slot == self.slot:
            if before is None or before.model_copy(update={"sequence": set_point.sequence}) != set_point:
                self._set_late_ms = self.now_ms % SLOT_MS
            self._plan()
        return code, reason

    def commanded(self) -> None:
        """A device took a command, which may have changed what it takes from now on."""
        self._plan()

    def trip(self) -> None:
        """The inverter disconnects for the rest of the running slot: no PV, and the battery rests."""
        self.off_in_slot = self.slot
        self._plan()

    def powers(self) -> Powers:
        """The powers of the stretch that is running; a fraction of a watt is rounded."""
        stretch = self._stretches[0]
        return Powers(
            at_ms=self.now_ms,
            slot=self.slot,
            load_w=self.load_w,
            pv_w=self.home.pv_at(self.slot - self.day_slot),
            curtailed_w=round(stretch.curtailed_mj / stretch.duration_ms),
            battery_w=round(stretch.battery_mj / stretch.duration_ms),
            energy_mj=self.battery.energy_mj if self.battery else 0,
        )

    def restore(self, now_ms: int) -> None:
        """Goes on at ``now_ms``, a slot's beginning, with battery, meter and set points as they have been put back."""
        self.now_ms = now_ms
        self._slot_start = self.meter.registers()
        self._plan()

    @property
    def slot_start(self) -> Registers:
        """What the meter showed when the running slot began."""
        return self._slot_start

    def _flow(self, stretch: Stretch) -> None:
        data_slot = self.slot - self.day_slot
        load_mj = self.home.load_at(data_slot) * stretch.duration_ms
        for device in self.devices.values():
            before_mj = device.energy_mj
            device.advance(self.now_ms + stretch.duration_ms)
            load_mj += device.energy_mj - before_mj
        pv_mj = self.home.pv_at(data_slot) * stretch.duration_ms
        grid_mj = load_mj - (pv_mj - stretch.curtailed_mj) - stretch.battery_mj
        if self.battery is not None:
            self.battery.move(stretch.battery_mj)
        self.meter.count(grid_mj)
        self.load_mj += load_mj
        self.pv_mj += pv_mj
        self.curtailed_mj += stretch.curtailed_mj
        self.battery_mj += stretch.battery_mj
        self.grid_mj += grid_mj
        self.now_ms += stretch.duration_ms

    @property
    def _devices_w(self) -> int:
        return sum(device.power_w for device in self.devices.values())

    def _read(self, slot: int) -> SlotEnd:
        reading = SlotEnd(slot, self.meter.sequence, self.meter.registers())
        self.meter.sequence += 1
        return reading

    def _plan(self) -> None:
        set_point = self.set_points.of(self.slot)
        wanted_mj = 0
        if set_point is not None and set_point.grid_wh is not None:
            wanted_mj = self.meter.grid_mj_until(self._slot_start.net_wh + set_point.grid_wh)
        data_slot = self.slot - self.day_slot
        left_ms = SLOT_MS - self.now_ms % SLOT_MS
        if self.off_in_slot == self.slot:
            self._stretches = [Stretch(left_ms, 0, self.home.pv_at(data_slot) * left_ms)]
            return
        self._stretches = plan(
            set_point,
            self.load_w,
            self.home.pv_at(data_slot),
            self.battery,
            left_ms,
            wanted_mj,
        )
