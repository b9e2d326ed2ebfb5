"""A device that takes set points and undoes them, again and again, is left alone for a while."""

from __future__ import annotations

from collections import deque

WINDOW_S = 600.0


class Oscillation:
    """Counts how often an acknowledged set point was undone; at ``limit`` times within ``window_s`` the device is
    unsteady for ``hold_s`` seconds, in which it is neither commanded nor planned with."""

    def __init__(self, limit: int = 3, window_s: float = WINDOW_S, hold_s: float = 600.0) -> None:
        self.limit = limit
        self.window_s = window_s
        self.hold_s = hold_s
        self._undone_s: deque[float] = deque(maxlen=limit)
        self._held = True
        self._until_s = float("-inf")

    def acknowledged(self) -> None:
        """A new set point was accepted: from here on the device should hold it."""
        self._held = True

    def observed(self, holds: bool, now_s: float) -> None:
        """The device does (or doesn't) do what it acknowledged. Only the turn from one to the other counts."""
        if self._held and not holds:
            self._undone_s.append(now_s)
            if len(self._undone_s) == self.limit and now_s - self._undone_s[0] <= self.window_s:
                self._until_s = now_s + self.hold_s
                self._undone_s.clear()
        self._held = holds

    def unsteady_for_s(self, now_s: float) -> float:
        """How much longer the device is left alone; 0 when it isn't."""
        return max(0.0, self._until_s - now_s)
