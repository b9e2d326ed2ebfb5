"""What a transformer station's meter says over MQTT (docs/mqtt.md): the points of common coupling, slot by slot."""

from __future__ import annotations

from typing import ClassVar, Literal

from wire.mqtt import Count, Message, Name, Signed, SlotNumber


class PccFlow(Message):
    """What went out on one phase of one feeder in a slot; ``current_ma`` is the slot's mean."""

    name: ClassVar[str] = "PCC flow"
    feeder: Name
    phase: Literal["a", "b", "c"]
    energy_wh: Signed
    current_ma: Count


class StationReading(Message):
    """The station's measurements of ``slot``, taken at its end. Energy is positive towards the homes.

    ``sequence`` grows by one with each reading; ``busbar_mv`` are the three phase-to-neutral voltages at the
    transformer's low-voltage side, mean values of the slot.
    """

    name: ClassVar[str] = "station reading"
    station: Name
    sequence: Count
    slot: SlotNumber
    time_s: Count
    busbar_mv: tuple[Count, Count, Count]
    pccs: tuple[PccFlow, ...]


class PccNow(Message):
    """What has gone out on one phase of one feeder since the slot's beginning, and what goes out now."""

    name: ClassVar[str] = "PCC now"
    feeder: Name
    phase: Literal["a", "b", "c"]
    energy_wh: Signed
    power_w: Signed


class StationNow(Message):
    """The station's measurement in the middle of ``slot``, at ``time_ms`` (Unix): at every change of powers, and often.

    Should powers stay as they are, a slot of ten minutes ends at ``energy_wh + power_w`` times its hours that are left.
    """

    name: ClassVar[str] = "station now"
    station: Name
    slot: SlotNumber
    time_ms: Count
    pccs: tuple[PccNow, ...]
