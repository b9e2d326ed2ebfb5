"""Now, by the two clocks that a device's messages are judged by."""

from __future__ import annotations

import time
from typing import NamedTuple


class Moment(NamedTuple):
    """``unix_s`` may be set at any time and dates messages; ``steady_s`` only goes on and measures silence."""

    unix_s: float
    steady_s: float

    @classmethod
    def now(cls) -> Moment:
        """This moment by the system's clocks."""
        return cls(time.time(), time.monotonic())

    def later(self, seconds: float) -> Moment:
        """The moment ``seconds`` from this one."""
        return Moment(self.unix_s + seconds, self.steady_s + seconds)
