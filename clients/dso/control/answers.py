"""What homes answer to a signal: the sums of their PCCs, once powers rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from clients.common.slots import SlotClock
from clients.dso.control.constraint import Vector
from clients.dso.control.projection import projected_wh
from wire.station import StationNow

# Sums are whole Wh in the end: what changes by less is rounding, and no answer.
_SAME_WH = 1.5


class Station(Protocol):
    """The newest measurement of the running slot."""

    @property
    def now(self) -> StationNow | None:
        """None before the first."""
        ...

    async def news(self, timeout_s: float) -> None:
        """Return when something new was measured, or after so many seconds."""
        ...


class Patience(NamedTuple):
    """``quiet_s``: powers that haven't changed for so long rest; ``answer_s``: an answer is waited for so long;
    ``silent_s``: a measurement that old is none."""

    quiet_s: float
    answer_s: float
    silent_s: float


class Answers:
    """Measures one slot's PCCs."""

    def __init__(
        self,
        station: Station,
        clock: SlotClock,
        slot: int,
        pccs: Sequence[str],
        patience: Patience,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._station = station
        self._clock = clock
        self._slot = slot
        self._pccs = tuple(pccs)
        self._patience = patience
        self._now_s = now_s

    def sums_wh(self) -> Vector | None:
        """The sums that the slot will end with as it runs now; None when nothing is measured."""
        now = self._station.now
        if now is None or now.slot != self._slot or self._now_s() - now.time_ms / 1000 > self._patience.silent_s:
            return None
        return projected_wh(now, self._pccs, self._clock)

    async def after(self, before_wh: Vector | None) -> Vector | None:
        """The sums once they have left ``before_wh`` and rest, or what they are when nobody answers in time.

        Without ``before_wh``, as soon as they rest. Nobody tells the DSO whether all homes have answered: it sees what
        flows.
        """
        begun_s = changed_s = self._now_s()
        seen, moved = before_wh, before_wh is None
        while True:
            now_s = self._now_s()
            sums = self.sums_wh()
            if sums is not None and (seen is None or np.max(np.abs(sums - seen), initial=0.0) > _SAME_WH):
                seen, changed_s, moved = sums, now_s, True
            rests = moved and now_s - changed_s >= self._patience.quiet_s
            if sums is not None and (rests or now_s - begun_s >= self._patience.answer_s):
                return sums
            if now_s - begun_s >= self._patience.answer_s + self._patience.silent_s:
                return None
            await self._station.news(self._patience.quiet_s / 3)
