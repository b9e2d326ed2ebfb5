"""Commands that were sent and wait for the device's answer."""

from __future__ import annotations

from clients.household.devices.moment import Moment

ANSWER_SECONDS = 10.0
_MOST = 1_000


class Unanswered:
    """Commands by sequence number. Numbers grow across restarts as time does, within a millisecond by counting."""

    def __init__(self) -> None:
        self._last = 0
        self._waiting: dict[int, tuple[str, float]] = {}

    def number(self, now: Moment) -> int:
        """The next command's sequence number."""
        self._last = max(self._last + 1, int(now.unix_s * 1000))
        return self._last

    @property
    def some(self) -> bool:
        """Whether any waits."""
        return bool(self._waiting)

    def sent(self, sequence: int, what: str, now: Moment) -> None:
        """Remember a command; ``what`` says it to the person."""
        if len(self._waiting) >= _MOST:
            self._waiting.pop(next(iter(self._waiting)))
        self._waiting[sequence] = (what, now.steady_s + ANSWER_SECONDS)

    def answered(self, sequence: int | None) -> None:
        """A command waits no longer; numbers that don't wait are ignored."""
        if sequence is not None:
            self._waiting.pop(sequence, None)

    def overdue(self, now: Moment) -> list[str]:
        """The commands that were not answered in time; each is told once."""
        late = [number for number, (_, until_s) in self._waiting.items() if until_s < now.steady_s]
        return [self._waiting.pop(number)[0] for number in late]
