"""One home's devices as its agent uses them: what they are believed, and what they are to do."""

from __future__ import annotations

import logging

from clients.household.battery import BatteryLimits
from clients.household.devices import Battery, CommandRefused, Device, Inverter, Meter, Moment
from clients.household.home import Home
from clients.household.steering import Steering
from clients.household.terms import Terms
from wire.mqtt import History, Nameplate, SetPoint, Telemetry, Topics

log = logging.getLogger(__name__)

# A set point that is not obeyed is sent again so often in a slot, and no oftener; one that is refused is sent so often.
_CORRECTIONS = 3


class Equipment:
    """Drivers of ``home`` and of its flexible loads. ``meter``: the only meter that a nameplate may name."""

    def __init__(self, home: Home, topics: Topics, meter: str | None = None) -> None:
        self.home = home
        self.meter = Meter(home.id, topics)
        self.inverter = Inverter(home.id, topics)
        self.battery = Battery(self.inverter, topics)
        self._wanted_meter = meter
        self._plate: Nameplate | None = None
        self._history: History | None = None
        self._telemetry: Telemetry | None = None
        self._corrected = (-1, 0)
        self._sent: dict[int, tuple[Steering, int]] = {}
        self._begun = -1
        self._unasked: dict[int, Steering | None] = {}

    @property
    def devices(self) -> list[Device]:
        """All drivers, for a roster."""
        flexible = self.home.flexible
        return [self.meter, self.inverter, self.battery, *(flexible.devices if flexible is not None else ())]

    def look(self) -> bool:
        """Take over what the drivers believe now. Returns whether there is new telemetry."""
        home, inverter = self.home, self.inverter
        if inverter.history is not None and inverter.history is not self._history:
            self._history = inverter.history
            home.measurements.take_history(inverter.history)
        if inverter.nameplate is not None and inverter.nameplate is not self._plate:
            self._plate = inverter.nameplate
            if self._wanted_meter not in (None, self._plate.meter):
                what = (home.id, self._wanted_meter, self._plate.meter)
                log.error("homes.%s.meter = %s: its nameplate says %s; not followed", *what)
        plate = self._followed
        home.has_pv = plate is not None and plate.pv_wp > 0
        home.battery = BatteryLimits.of(plate) if plate is not None and self.battery.available else None
        self._look_at_flexible()
        telemetry = inverter.telemetry
        if telemetry is None or telemetry is self._telemetry:
            return False
        self._telemetry = telemetry
        believed = self.battery.telemetry
        if believed is not None and believed.energy_wh != telemetry.energy_wh:
            # What the battery tells of itself in it is not so; load and sun are another matter.
            telemetry = telemetry.model_copy(update={"energy_wh": believed.energy_wh})
        home.measurements.take_telemetry(telemetry)
        return True

    def begin_slot(self, slot: int, terms: Terms) -> None:
        """A slot has begun, or its plan is another one: let the flexible loads take what is planned for it."""
        if self.home.flexible is not None:
            self._begun = slot
            self.home.flexible.command(slot, terms, Moment.now())

    def follow(self, now: int, terms: Terms) -> None:
        """Let the flexible loads bring the running slot to the flow that it is committed to, where something moved."""
        flexible, running = self.home.flexible, self.home.measurements.running
        if flexible is None or running is None or running.slot != now or self._begun != now:
            return
        target_wh = self.home.committed_wh(now)
        if target_wh is not None and self.home.measurements.is_settled:
            flexible.follow(running, target_wh, terms, Moment.now())

    def ask(self, slot: int, flow_wh: int) -> None:
        """Real-time control asks for a net flow in the running slot or a later one (Wh); it comes before the plan."""
        if slot not in self.home.asked_wh:
            self._unasked[slot] = self._ordered(slot)
        self.home.asked_wh[slot] = flow_wh
        self.steer(slot)

    def release(self, slot: int) -> None:
        """What real-time control has asked for a slot counts no more; what was set before does again."""
        if self.home.asked_wh.pop(slot, None) is None:
            return
        before = self._unasked.pop(slot, None) or Steering(slot, "self")
        if before != self._ordered(slot):
            self._order(before)

    def obeyed_ms(self, slot: int) -> int | None:
        """Since when the inverter does what was ordered for a slot last (Unix ms); None while it hasn't said so."""
        accepted = self.inverter.accepted(slot)
        if accepted is None or accepted.set_point is not self.battery.ordered(slot):
            return None
        return accepted.time_ms

    def forget_before(self, slot: int) -> None:
        """Drop what concerns slots that are over."""
        for by_slot in (self.home.asked_wh, self._unasked, self._sent):
            for old in [number for number in by_slot if number < slot]:
                del by_slot[old]
        if self.home.flexible is not None:
            self.home.flexible.forget_before(slot)

    def steer(self, slot: int) -> None:
        """Set battery and export limit for a planned slot, where that changed."""
        wanted, sent = self.home.steering(slot), self._ordered(slot)
        planned = self.home.plan.get(slot)
        if planned is not None and planned.export_limit_w is not None:
            wanted = (wanted or Steering(slot, "self"))._replace(export_limit_w=planned.export_limit_w)
        if wanted is None and sent is not None:
            wanted = Steering(slot, "self")
        if wanted is not None and wanted != sent:
            last, times = self._sent.get(slot, (wanted, 0))
            times = times if last == wanted and sent is None else 0
            if times < _CORRECTIONS:
                self._order(wanted)
                # What can't be sent as the inverter is silent is no refusal of its.
                if self._ordered(slot) is not None:
                    self._sent[slot] = (wanted, times + 1)

    def measured(self, now: int) -> None:
        """There is new telemetry: set the running slot right where it goes elsewhere."""
        sent = self._ordered(now)
        wanted = self.home.correction(sent, now)
        slot, times = self._corrected
        times = times if slot == now else 0
        if wanted is not None and times < _CORRECTIONS:
            self._corrected = (now, times + 1)
            self._order(wanted._replace(export_limit_w=sent.export_limit_w if sent is not None else None))

    def _look_at_flexible(self) -> None:
        for device in self.home.flexible.devices if self.home.flexible is not None else ():
            if device.available and device.state is not None:
                self.home.measurements.take_device(device.name, device.state.time_ms, device.state.power_w)
            else:
                # What nobody tells of any more counts as the house's own load.
                self.home.measurements.take_device(device.name, int(Moment.now().unix_s * 1000), 0)

    @property
    def _followed(self) -> Nameplate | None:
        plate = self._plate
        return None if plate is None or self._wanted_meter not in (None, plate.meter) else plate

    def _ordered(self, slot: int) -> Steering | None:
        sent: SetPoint | None = self.battery.ordered(slot)
        return None if sent is None else Steering(slot, sent.mode, sent.power_w, sent.grid_wh, sent.export_limit_w)

    def _order(self, wanted: Steering) -> None:
        now, slot = Moment.now(), wanted.slot
        try:
            if self.home.battery is not None:
                self._order_battery(wanted, now)
            sent = self.battery.ordered(slot)
            if wanted.export_limit_w != (sent.export_limit_w if sent is not None else None):
                self.inverter.limit_export(slot, wanted.export_limit_w, now)
        except CommandRefused as refused:
            # The house consumes its own in a slot without set point.
            log.warning("%s: slot %d is not steered: %s", self.home.id, slot, refused)

    def _order_battery(self, wanted: Steering, now: Moment) -> None:
        if wanted.grid_wh is not None:
            self.battery.follow(wanted.slot, wanted.grid_wh, now)
        elif wanted.power_w is not None:
            self.battery.power(wanted.slot, wanted.power_w, now)
        else:
            self.battery.self_consume(wanted.slot, now)
