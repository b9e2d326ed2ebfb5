"""A meter's readings, asked for again by the DSO, and what a meter no longer has of them (docs/mqtt.md)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from wire.mqtt import Message, Name, SlotNumber

RECALL_SLOTS_MAX = 144
Slots = Annotated[tuple[SlotNumber, ...], Field(strict=False, min_length=1, max_length=RECALL_SLOTS_MAX)]


class _OfSlots(Message):
    meter: Name
    slots: Slots

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(after <= before for before, after in zip(self.slots, self.slots[1:], strict=False)):
            raise ValueError(f"slots are {list(self.slots)[:8]}; give each once, the earliest first")
        return self


class Recall(_OfSlots):
    """From the DSO to a meter: its readings of the ends of these slots are missing; send them again as they were.

    A meter sends each that its memory holds as it sent it the first time, on the topic of its readings.
    """

    name: ClassVar[str] = "recall"


class Gone(_OfSlots):
    """From a meter to the DSO: of what it was asked for, the slots that its memory has no reading of."""

    name: ClassVar[str] = "gone"
