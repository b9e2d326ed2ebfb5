"""What a home's phase switch is told and tells over MQTT (docs/mqtt.md)."""

from __future__ import annotations

from typing import ClassVar, Literal

from wire.mqtt import Count, Message, SlotNumber

PhaseName = Literal["a", "b", "c"]


class SwitchCommand(Message):
    """Be on a phase from the beginning of ``slot`` on. A later command for the same slot replaces an earlier one."""

    name: ClassVar[str] = "switch command"
    slot: SlotNumber
    phase: PhaseName


class SwitchState(Message):
    """The phase that the switch is on since the beginning of ``slot``, told when it has moved, or stayed as told.

    ``time_ms``: when it did, Unix milliseconds.
    """

    name: ClassVar[str] = "switch state"
    slot: SlotNumber
    phase: PhaseName
    time_ms: Count
