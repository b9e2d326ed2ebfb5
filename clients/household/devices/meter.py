"""A home's meter: two registers that only grow."""

from __future__ import annotations

from typing import NamedTuple

from clients.household.devices.device import read
from clients.household.devices.home_device import HomeDevice
from clients.household.devices.moment import Moment
from clients.household.devices.refusal import Fault, Refused
from wire.mqtt import Reading, Topics

SLOTS_AN_HOUR = 6
THREE_PHASES_63_A_W = 43_470


class SlotFlow(NamedTuple):
    """The metered net flow of the slots from ``first_slot`` to ``last_slot``: Wh, positive = from the grid."""

    first_slot: int
    last_slot: int
    net_wh: int


class Meter(HomeDevice):
    """``most_w``: what the home's fuses let through either way; more than that isn't believed."""

    def __init__(self, home: str, topics: Topics, most_w: int = THREE_PHASES_63_A_W) -> None:
        super().__init__(home, "meter", topics)
        self._most_w = most_w
        self.reading: Reading | None = None
        self.flow: SlotFlow | None = None
        self.lost_readings = 0

    @property
    def topics(self) -> tuple[str, ...]:
        return (self._root.nameplate(self.home), self._root.reading(self.home), self._root.online())

    def _take_own(self, topic: str, payload: bytes, retained: bool, now: Moment) -> None:
        if topic != self._root.reading(self.home):
            raise Refused(Fault.WRONG_TOPIC, f"{topic}: a meter speaks on {self._root.reading(self.home)}")
        reading = read(Reading, payload)
        plate = self.nameplate
        if plate is not None and reading.meter != plate.meter:
            raise Refused(
                Fault.WRONG_CLIENT,
                f"meter is {reading.meter!r}; the nameplate says {plate.meter!r}: correct whichever is wrong",
            )
        last = self.reading
        if reading == last:
            return
        if last is not None:
            self._compare(last, reading)
            self.lost_readings += reading.sequence - last.sequence - 1
            self.flow = SlotFlow(
                last.slot + 1,
                reading.slot,
                (reading.import_wh - reading.export_wh) - (last.import_wh - last.export_wh),
            )
        self.reading = reading
        self._heard(retained, reading.time_s, now)

    def _compare(self, last: Reading, reading: Reading) -> None:
        if reading.sequence <= last.sequence:
            raise Refused(
                Fault.REPLAYED,
                f"sequence is {reading.sequence}, the last was {last.sequence}; it must grow, also over a restart",
            )
        if reading.slot <= last.slot:
            raise Refused(Fault.IMPLAUSIBLE, f"slot is {reading.slot}, the last was {last.slot}; set the meter's clock")
        for register in ("import_wh", "export_wh"):
            before_wh, now_wh = getattr(last, register), getattr(reading, register)
            most_wh = self._most_w * (reading.slot - last.slot) // SLOTS_AN_HOUR + 1
            if now_wh < before_wh:
                raise Refused(
                    Fault.IMPLAUSIBLE,
                    f"{register} is {now_wh}, it was {before_wh}; a register never falls: a new meter needs a new name",
                )
            if now_wh - before_wh > most_wh:
                raise Refused(
                    Fault.IMPLAUSIBLE,
                    f"{register} grew by {now_wh - before_wh} Wh; {self._most_w} W make {most_wh} at most: check the "
                    "meter, or most_w",
                )

    def _forget(self) -> None:
        self.reading = self.flow = None
