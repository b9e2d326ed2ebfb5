"""A home's hybrid inverter: what the sun gives, and a limit on feed-in."""

from __future__ import annotations

from typing import NamedTuple

from clients.household.devices.change import ChangeKind
from clients.household.devices.device import read
from clients.household.devices.home_device import HomeDevice, newer_telemetry
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import CommandRefused, Fault, Refused
from clients.household.devices.slot_steering import Accepted, ExportLimit, SlotSteering
from wire.mqtt import History, Status, StatusCode, Telemetry, Topics

PV_MARGIN_PERMILLE = 1_250
"""Cold modules under bright clouds give more than their rating; beyond a quarter more, nothing is believed."""


class InverterState(NamedTuple):
    """Powers in W since ``time_ms`` of ``slot``; ``grid_w`` positive = from the grid."""

    slot: int
    time_ms: int
    load_w: int
    pv_w: int
    curtailed_w: int
    grid_w: int


class Inverter(HomeDevice):
    """The device that takes the home's set points; see Battery for the battery's part of them."""

    def __init__(self, home: str, topics: Topics) -> None:
        super().__init__(home, "inverter", topics)
        self.steering = SlotSteering(home, topics, self.unanswered)
        self.telemetry: Telemetry | None = None
        self.history: History | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        root, home = self._root, self.home
        return (
            root.nameplate(home),
            root.history(home),
            root.telemetry(home),
            root.status(home),
            root.online(),
        )

    @property
    def state(self) -> InverterState | None:
        """What was heard last; None before."""
        seen = self.telemetry
        if seen is None:
            return None
        return InverterState(seen.slot, seen.time_ms, seen.load_w, seen.pv_w, seen.curtailed_w, seen.grid_w)

    def limit_export(self, slot: int, limit_w: int | None, now: Moment) -> int:
        """Let at most ``limit_w`` flow into the grid in a slot, by PV and battery together; None: no limit any more.
        Returns the command's sequence number. Raises: CommandRefused."""
        self._must_be_available()
        if self.nameplate is None:
            raise CommandRefused(f"{self.home} has sent no nameplate")
        if limit_w is not None and limit_w < 0:
            raise CommandRefused(f"limit_w is {limit_w}; give 0 W or more")
        return self.steering.order(self.nameplate, slot, now, self._command, export=ExportLimit(limit_w))

    def accepted(self, slot: int) -> Accepted | None:
        """The set point that the inverter has said to follow in a slot."""
        return self.steering.accepted.get(slot)

    def _take(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        if topic == self._root.history(self.home):
            self.history = read(History, payload)
        else:
            super()._take(topic, payload, retained, now)

    def _take_own(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        if topic == self._root.status(self.home):
            self._take_status(read(Status, payload))
        elif topic == self._root.telemetry(self.home):
            self._take_telemetry(payload, retained, now)
        else:
            raise Refused(Fault.WRONG_TOPIC, f"{topic}: an inverter speaks on {self._root.telemetry(self.home)}")

    def _take_telemetry(self, payload: bytes, retained: bool, now: Moment) -> None:
        telemetry = newer_telemetry(payload, self.telemetry)
        if telemetry is None or self.nameplate is None:
            return
        most_w = self.nameplate.pv_wp * PV_MARGIN_PERMILLE // 1000
        if telemetry.pv_w > most_w:
            raise Refused(
                Fault.IMPLAUSIBLE,
                f"pv_w is {telemetry.pv_w}; {self.nameplate.pv_wp} Wp give at most {most_w}: check it",
            )
        self.telemetry = telemetry
        self._heard(retained, telemetry.time_ms / 1000, now)

    def _take_status(self, status: Status) -> None:
        set_point = self.steering.answer(status)
        if set_point is None:
            raise Refused(
                Fault.WRONG_CLIENT,
                f"status for set point {status.sequence}, which this agent did not send: let one client steer a home",
            )
        if status.code is not StatusCode.ACCEPTED:
            what = f"{set_point.mode} in slot {set_point.slot}"
            self._tell(ChangeKind.COMMAND_REFUSED, f"{what}: {status.code}: {status.reason}")

    def _forget(self) -> None:
        self.telemetry = None
        self.steering.forget()
