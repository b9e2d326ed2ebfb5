"""What whoever plans has to hear of a device, because the plan may have to be redone."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ChangeKind(StrEnum):
    """What changed: all of them are reasons to plan again."""

    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    RATING = "rating"
    NEED = "need"
    """A car came, left, or needs something else."""
    COMMAND_REFUSED = "command_refused"
    COMMAND_UNANSWERED = "command_unanswered"


class Change(NamedTuple):
    """``device`` of ``home`` changed; ``reason`` is a sentence for the person."""

    home: str
    device: str
    kind: ChangeKind
    reason: str
