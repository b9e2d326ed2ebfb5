"""A moment, a home's messages and drivers that tests feed by hand."""

from __future__ import annotations

import json
from typing import Any

from clients.household.devices import Battery, Change, Inverter, Meter, Moment, Roster
from clients.household.devices.device import Device, Outgoing
from wire.mqtt import Nameplate, Reading, SetPoint, Topics, decode

TOPICS = Topics()
HOME = "h1"
EPOCH_S = 1_780_000_000
SLOT_SECONDS = 10
NOW = Moment(EPOCH_S + 5.0, 1_000.0)
PLATE = Nameplate(
    home=HOME,
    kind="pv_battery",
    meter="VDG-h1",
    epoch_s=EPOCH_S,
    slot_seconds=SLOT_SECONDS,
    day_slot=0,
    pv_wp=5_000,
    battery_wh=6_000,
    battery_w=3_000,
    battery_min_wh=1_200,
    battery_max_wh=4_800,
    battery_efficiency_permille=1000,
)
READING = Reading(meter="VDG-h1", sequence=0, slot=-1, time_s=EPOCH_S, import_wh=500, export_wh=100)


def reading(**fields: object) -> bytes:
    """The first reading with other fields."""
    return json.dumps(READING.model_dump() | fields).encode()


def telemetry(**fields: Any) -> bytes:
    """Telemetry of slot 0 whose powers add up, unless ``grid_w`` is given."""
    made = {"slot": 0, "time_ms": EPOCH_S * 1000, "load_w": 400, "pv_w": 0, "curtailed_w": 0, "battery_w": 0}
    made |= {"energy_wh": 3_000} | fields
    made.setdefault("grid_w", made["load_w"] - made["pv_w"] + made["curtailed_w"] - made["battery_w"])
    return json.dumps(made).encode()


class House:
    """A home's drivers on a roster; what they announce and send is kept."""

    def __init__(self, *others: Device, plate: Nameplate = PLATE) -> None:
        self.meter = Meter(HOME, TOPICS)
        self.inverter = Inverter(HOME, TOPICS)
        self.battery = Battery(self.inverter, TOPICS)
        self.roster = Roster([self.meter, self.inverter, self.battery, *others], TOPICS)
        self.changes: list[Change] = []
        self.roster.on_change(self.changes.append)
        self.hear(TOPICS.nameplate(HOME), plate.encode(), retained=True)

    def hear(self, topic: str, payload: bytes, retained: bool = False, now: Moment = NOW) -> None:
        """A message comes."""
        self.roster.receive(topic, payload, retained, now)

    def telemetry(self, now: Moment = NOW, retained: bool = False, **fields: Any) -> None:
        """The inverter speaks."""
        self.hear(TOPICS.telemetry(HOME), telemetry(**fields), retained, now)

    def reading(self, now: Moment = NOW, **fields: object) -> None:
        """The meter speaks."""
        self.hear(TOPICS.reading(HOME), reading(**fields), now=now)

    def sent(self) -> list[Outgoing]:
        """The commands since the last call."""
        sent = list(self.roster.outgoing)
        self.roster.outgoing.clear()
        return sent

    def sent_set_point(self) -> SetPoint:
        """The one set point since the last call."""
        (outgoing,) = self.sent()
        assert outgoing.topic == TOPICS.set_point(HOME)
        return decode(SetPoint, outgoing.payload)

    def said(self) -> list[tuple[str, str]]:
        """Which device announced what since the last call."""
        said = [(change.device, change.kind.value) for change in self.changes]
        self.changes.clear()
        return said
