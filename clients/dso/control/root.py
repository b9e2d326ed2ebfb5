"""The root of a falling function, found by as few looks at it as possible."""

from __future__ import annotations

import math

# While there is no bracket, a step is at most so many times the one before; a flat stretch is left by such steps.
_GROWTH = 4.0
# A bracket that two looks haven't shrunk to half is halved.
_LOOKS = 2


class Root:
    """Looks for the root of a continuous function that falls at most by ``steepest`` > 0 a unit.

    `place` is where to look next; tell `update` the value there. A root lies at least ``|value| / steepest`` away,
    which keeps every step from being too short, and a bracket, once found, from being left.
    """

    def __init__(self, steepest: float, tolerance: float, place: float = 0.0) -> None:
        """``tolerance``: a value that is no further from zero is a root."""
        self.place = place
        self._steepest = steepest
        self._tolerance = tolerance
        self._low, self._high = -math.inf, math.inf
        self._before: tuple[float, float] | None = None
        self._step = 0.0
        self._widths: list[float] = []

    def update(self, value: float) -> None:
        """Take in the function's value at `place`, and choose the next place."""
        if abs(value) <= self._tolerance:
            return
        here, least = self.place, abs(value) / self._steepest
        if value > 0:
            self._low = max(self._low, here + least)
        else:
            self._high = min(self._high, here - least)
        guess = self._secant(value)
        self._before = (here, value)
        if math.isfinite(self._high - self._low):
            self.place = self._inside(guess)
        else:
            self.place = here + math.copysign(self._outwards(guess, least), value)
        self._step = abs(self.place - here)

    def _secant(self, value: float) -> float | None:
        """Where the line through the last two values crosses zero; None if it doesn't fall."""
        if self._before is None:
            return None
        place, earlier = self._before
        if (earlier - value) * (self.place - place) <= 0:
            return None
        return self.place + value * (self.place - place) / (earlier - value)

    def _outwards(self, guess: float | None, least: float) -> float:
        """The length of a step towards the side where the root must be."""
        if self._step == 0.0:
            return least
        longest = max(_GROWTH * self._step, least)
        return longest if guess is None else min(max(abs(guess - self.place), least), longest)

    def _inside(self, guess: float | None) -> float:
        self._widths.append(self._high - self._low)
        slow = len(self._widths) > _LOOKS and self._widths[-1] > self._widths[-1 - _LOOKS] / 2
        if guess is None or slow:
            self._widths.clear()
            return (self._low + self._high) / 2
        return min(max(guess, self._low), self._high)
