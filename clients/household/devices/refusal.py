"""Messages that a driver doesn't believe: refused, counted, shown, and never part of its state."""

from __future__ import annotations

import logging
from collections import Counter
from enum import StrEnum

log = logging.getLogger(__name__)


class Fault(StrEnum):
    """Why a message was refused."""

    MALFORMED = "malformed"
    REPLAYED = "replayed"
    WRONG_CLIENT = "wrong_client"
    WRONG_TOPIC = "wrong_topic"
    IMPLAUSIBLE = "implausible"


class Refused(ValueError):
    """A message that isn't believed; the text names field, value and way out."""

    def __init__(self, fault: Fault, text: str) -> None:
        self.fault = fault
        super().__init__(text)


class CommandRefused(ValueError):
    """A command that was not sent, because the device couldn't or mustn't do it; the text says what to do."""


class Refusals:
    """How many messages of one sender were refused, and why the last one was."""

    def __init__(self, of: str) -> None:
        self._of = of
        self.counts: Counter[Fault] = Counter()
        self.last: str | None = None

    @property
    def total(self) -> int:
        """All refused messages."""
        return self.counts.total()

    def add(self, refused: Refused) -> None:
        """Count one. A flood fills no log: the 1st, 2nd, 4th, 8th … are written."""
        self.counts[refused.fault] += 1
        self.last = str(refused)
        if self.total & (self.total - 1) == 0:
            log.warning("%s: message refused (%s, %d so far): %s", self._of, refused.fault, self.total, refused)
