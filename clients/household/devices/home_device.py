"""Meter, inverter and battery: the three drivers that live on a home's own topics (docs/mqtt.md)."""

from __future__ import annotations

from abc import abstractmethod

from clients.household.devices.change import ChangeKind
from clients.household.devices.device import Device, read
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import Fault, Refused
from wire.mqtt import Nameplate, Telemetry, Topics


class HomeDevice(Device):
    """Knows the home's nameplate. The interval that is stated is the slot: each begins with a message."""

    slowest_way_s = 3.0
    """Slots may last a second, of which half is not enough on a busy machine."""

    def __init__(self, home: str, name: str, topics: Topics) -> None:
        super().__init__(home, name)
        self._root = topics
        self.nameplate: Nameplate | None = None
        self._early: tuple[str, bytes, bool] | None = None

    @property
    def interval_s(self) -> float | None:
        return None if self.nameplate is None else self.nameplate.slot_seconds

    def slot_at(self, unix_s: float) -> int | None:
        """The slot that runs at a moment; None as long as the nameplate isn't known."""
        if self.nameplate is None:
            return None
        return int((unix_s - self.nameplate.epoch_s) // self.nameplate.slot_seconds)

    def _take(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        if topic == self._root.online():
            self._take_online(payload)
        elif topic == self._root.nameplate(self.home):
            self._take_nameplate(read(Nameplate, payload), now)
        elif self.nameplate is None:
            # Retained messages come in any order: the newest waits for the nameplate that it is judged by.
            self._early = (topic, payload, retained)
        else:
            self._take_own(topic, payload, retained, now)

    def _take_nameplate(self, plate: Nameplate, now: Moment) -> None:
        if plate.home != self.home:
            raise Refused(Fault.WRONG_CLIENT, f"home is {plate.home!r} on {self.home}'s topic; give each home its own")
        if not plate.battery_min_wh <= plate.battery_max_wh <= plate.battery_wh:
            raise Refused(
                Fault.IMPLAUSIBLE,
                f"battery_min_wh {plate.battery_min_wh}, battery_max_wh {plate.battery_max_wh}, battery_wh "
                f"{plate.battery_wh}; give them in ascending order",
            )
        known, self.nameplate = self.nameplate, plate
        if known is not None and known != plate:
            self._forget()
            self._heard_s = None
            self._tell(ChangeKind.RATING, "another nameplate: another clock or other equipment")
        early, self._early = self._early, None
        if early is not None:
            self._take_own(*early, now)

    @abstractmethod
    def _take_own(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        """Believe a message on one of its own topics, the nameplate being known, or raise Refused."""

    @abstractmethod
    def _forget(self) -> None:
        """Drop what was known of the equipment that stood here before."""


def newer_telemetry(payload: bytes, last: Telemetry | None) -> Telemetry | None:
    """The telemetry in a payload, None if it is the last one again.

    Raises: Refused when it is malformed, older than the last, or its powers contradict each other.
    """
    telemetry = read(Telemetry, payload)
    if telemetry == last:
        return None
    if last is not None and telemetry.time_ms < last.time_ms:
        raise Refused(
            Fault.REPLAYED, f"time_ms is {telemetry.time_ms}, before the last one's {last.time_ms}; send each once"
        )
    grid_w = telemetry.load_w - (telemetry.pv_w - telemetry.curtailed_w) - telemetry.battery_w
    if telemetry.grid_w != grid_w or telemetry.curtailed_w > telemetry.pv_w:
        raise Refused(
            Fault.IMPLAUSIBLE,
            f"grid_w is {telemetry.grid_w}, curtailed_w {telemetry.curtailed_w} of pv_w {telemetry.pv_w}; the others "
            f"make {grid_w}: check sensors and signs",
        )
    return telemetry
