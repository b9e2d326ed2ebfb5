"""A home's battery behind its hybrid inverter."""

from __future__ import annotations

from typing import NamedTuple

from clients.household.battery import BatteryLimits
from clients.household.devices.device import POWER_MARGIN_PERMILLE
from clients.household.devices.home_device import HomeDevice, newer_telemetry
from clients.household.devices.inverter import Inverter
from clients.household.devices.meter import SLOTS_AN_HOUR, THREE_PHASES_63_A_W
from clients.household.devices.moment import Moment
from clients.household.devices.obedience import REACTION_S, Stretch, Stretches, consumes_its_own, follows
from clients.household.devices.oscillation import WINDOW_S
from clients.household.devices.refusal import CommandRefused, Fault, Refused
from clients.household.devices.slot_steering import Accepted
from wire.mqtt import Mode, Nameplate, SetPoint, Telemetry, Topics

HELD_WITHIN_W = 50
HELD_WITHIN_PERMILLE = 50
AT_LIMIT_WH = 5
WINDOW_SLOTS = 4
"""A slot in which nothing changes is judged when it is over: so a set point may be undone as slowly as this."""


class BatteryState(NamedTuple):
    """``power_w`` positive = discharge; ``energy_wh`` is what it holds of ``capacity_wh``."""

    slot: int
    time_ms: int
    power_w: int
    energy_wh: int
    capacity_wh: int

    @property
    def state_of_charge(self) -> float:
        """0 (empty) to 1 (full)."""
        return self.energy_wh / self.capacity_wh


class Battery(HomeDevice):
    """Set points go through the inverter's driver, which knows what else was ordered for a slot."""

    def __init__(self, inverter: Inverter, topics: Topics, grid_limit_w: int = THREE_PHASES_63_A_W) -> None:
        super().__init__(inverter.home, "battery", topics)
        self._inverter = inverter
        self._grid_limit_w = grid_limit_w
        self.telemetry: Telemetry | None = None
        self._watched: int | None = None
        self._stretches = Stretches()

    @property
    def topics(self) -> tuple[str, ...]:
        return (self._root.nameplate(self.home), self._root.telemetry(self.home), self._root.online())

    @property
    def state(self) -> BatteryState | None:
        """What was heard last; None before, and in a home without a battery."""
        seen, plate = self.telemetry, self.nameplate
        if seen is None or plate is None:
            return None
        return BatteryState(seen.slot, seen.time_ms, seen.battery_w, seen.energy_wh, plate.battery_wh)

    def ordered(self, slot: int) -> SetPoint | None:
        """What was sent for a slot, unless the inverter refused it."""
        return self._inverter.steering.ordered(slot)

    def self_consume(self, slot: int, now: Moment) -> int:
        """Let surplus charge and demand discharge it. Returns the command's sequence number, as the others do.
        Raises: CommandRefused, as the others do."""
        return self._order(slot, "self", None, now)

    def power(self, slot: int, power_w: int, now: Moment) -> int:
        """Charge (negative) or discharge with constant power until a limit."""
        plate = self._plate()
        if abs(power_w) > plate.battery_w:
            raise CommandRefused(f"power_w is {power_w}; give -{plate.battery_w} to {plate.battery_w}, its rating")
        return self._order(slot, "power", power_w, now)

    def follow(self, slot: int, grid_wh: int, now: Moment) -> int:
        """Steer so that the meter's net flow of the slot ends at ``grid_wh``, positive = from the grid."""
        most_wh = self._grid_limit_w // SLOTS_AN_HOUR
        if abs(grid_wh) > most_wh:
            raise CommandRefused(f"grid_wh is {grid_wh}; {self._grid_limit_w} W at the grid make at most {most_wh}")
        return self._order(slot, "follow", grid_wh, now)

    def _plate(self) -> Nameplate:
        self._must_be_available()
        if self.nameplate is None:
            raise CommandRefused(f"{self.home} has sent no nameplate")
        return self.nameplate

    def _order(self, slot: int, mode: Mode, value: int | None, now: Moment) -> int:
        plate = self._plate()
        return self._inverter.steering.order(plate, slot, now, self._command, battery=(mode, value))

    def _why_unavailable(self, now: Moment) -> str | None:
        if self.nameplate is not None and self.nameplate.battery_wh == 0:
            return "the nameplate says that there is none"
        return super()._why_unavailable(now)

    def _take_own(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        if topic != self._root.telemetry(self.home):
            raise Refused(Fault.WRONG_TOPIC, f"{topic}: a battery speaks on {self._root.telemetry(self.home)}")
        telemetry = newer_telemetry(payload, self.telemetry)
        plate = self.nameplate
        if telemetry is None or plate is None:
            return
        if abs(telemetry.battery_w) > plate.battery_w * POWER_MARGIN_PERMILLE // 1000:
            raise Refused(
                Fault.IMPLAUSIBLE,
                f"battery_w is {telemetry.battery_w}; it is rated for {plate.battery_w}: check sign and unit",
            )
        if telemetry.energy_wh > plate.battery_wh:
            raise Refused(
                Fault.IMPLAUSIBLE,
                f"energy_wh is {telemetry.energy_wh}; {plate.battery_wh} fit in: state of charge is 0 to 1, check it",
            )
        self.telemetry = telemetry
        self._heard(retained, telemetry.time_ms / 1000, now)
        self._watch(plate, telemetry, now)

    def _watch(self, plate: Nameplate, telemetry: Telemetry, now: Moment) -> None:
        """Compare with what the inverter has accepted: a power by what it gives now, another mode by what it gave."""
        ended = self._stretches.ended_by(plate, telemetry)
        if ended is not None:
            self._watch_stretch(plate, ended, now)
        accepted = self._watched_of(telemetry)
        wanted_w = None if accepted is None else accepted.set_point.power_w
        if accepted is None or wanted_w is None or telemetry.time_ms < accepted.time_ms:
            return
        self._acknowledge(plate, accepted)
        full = telemetry.energy_wh >= plate.battery_max_wh - AT_LIMIT_WH
        empty = telemetry.energy_wh <= plate.battery_min_wh + AT_LIMIT_WH
        may_stop = (full and wanted_w < 0) or (empty and wanted_w > 0)
        within_w = max(HELD_WITHIN_W, abs(wanted_w) * HELD_WITHIN_PERMILLE // 1000)
        self.oscillation.observed(may_stop or abs(telemetry.battery_w - wanted_w) <= within_w, now.steady_s)

    def _watch_stretch(self, plate: Nameplate, ended: Stretch, now: Moment) -> None:
        """Powers that stayed for longer than a reaction takes are what the inverter means."""
        accepted, limits = self._watched_of(ended.powers), BatteryLimits.of(plate)
        if accepted is None or limits is None or accepted.set_point.mode == "power" or ended.powers.curtailed_w:
            return
        # What lasted since the set point was accepted, where that was later.
        waited_s = max(0.0, (accepted.time_ms - ended.powers.time_ms) / 1000)
        if ended.lasted_s - waited_s < min(REACTION_S, plate.slot_seconds / 10):
            return
        grid_wh = accepted.set_point.grid_wh
        holds = consumes_its_own(ended.powers) if grid_wh is None else follows(ended, grid_wh, limits)
        if holds is not None:
            self._acknowledge(plate, accepted)
            self.oscillation.observed(holds, now.steady_s)

    def _watched_of(self, telemetry: Telemetry) -> Accepted | None:
        """What the inverter has accepted for a slot, unless its feed-in is limited."""
        accepted = self._inverter.accepted(telemetry.slot)
        return None if accepted is None or accepted.set_point.export_limit_w is not None else accepted

    def _acknowledge(self, plate: Nameplate, accepted: Accepted) -> None:
        """The first look at a set point: from here on it should be held."""
        if accepted.set_point.sequence != self._watched:
            self._watched = accepted.set_point.sequence
            self.oscillation.window_s = max(WINDOW_S, WINDOW_SLOTS * plate.slot_seconds)
            self.oscillation.acknowledged()

    def _forget(self) -> None:
        self.telemetry = None
        self._stretches.forget()
