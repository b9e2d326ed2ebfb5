"""That a home does what it answered to a signal of real-time control: when, and nothing of what (ADR 28)."""

from __future__ import annotations

from typing import ClassVar

from wire.mqtt import Count, Message, SlotNumber


class Answered(Message):
    """A home's inverter follows, since ``since_ms`` (Unix), what the home answered to a signal of a session.

    It says neither flow nor power, so the DSO learns only which of its measurements have this home's answer in them.
    """

    name: ClassVar[str] = "answered"
    slot: SlotNumber
    session: Count
    iteration: Count
    since_ms: Count
