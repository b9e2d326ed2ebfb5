"""What a home's phase switch is told and tells over MQTT (docs/mqtt.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from wire.control import Phase
from wire.mqtt import Count, Message, SlotNumber

PhaseName = Literal["a", "b", "c"]
PHASE_NAMES: Final[Mapping[Phase, PhaseName]] = {Phase.PHASE_A: "a", Phase.PHASE_B: "b", Phase.PHASE_C: "c"}
PHASES_BY_NAME: Final[Mapping[str, Phase]] = {name: phase for phase, name in PHASE_NAMES.items()}


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
