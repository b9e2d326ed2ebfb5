"""What homes answer to a signal: the sums of their PCCs, once those who answer do so and powers rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from clients.common.slots import SlotClock
from clients.dso.control.constraint import Vector
from clients.dso.control.projection import projected_wh
from wire.answered import Answered
from wire.station import StationNow

# Sums are whole Wh in the end: what changes by less is rounding, and no answer.
_SAME_WH = 1.5


class Station(Protocol):
    """The newest measurement of the running slot, and what homes say they have answered."""

    @property
    def now(self) -> StationNow | None:
        """None before the first."""
        ...

    @property
    def answered(self) -> Mapping[str, Answered]:
        """By home, the last signal that it has answered."""
        ...

    async def news(self, timeout_s: float) -> None:
        """Return when something new was measured or said, or after so many seconds."""
        ...


class Patience(NamedTuple):
    """``quiet_s``: powers that haven't changed for so long rest; ``answer_s``: an answer is waited for so long;
    ``silent_s``: a measurement that old is none."""

    quiet_s: float
    answer_s: float
    silent_s: float


class Signalled(NamedTuple):
    """A signal of a session, as homes name it when they have answered it."""

    session: int
    iteration: int


class Answers:
    """Measures one slot's PCCs. ``homes``: those that may say that they have answered."""

    def __init__(
        self,
        station: Station,
        clock: SlotClock,
        slot: int,
        pccs: Sequence[str],
        homes: frozenset[str],
        patience: Patience,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._station = station
        self._clock = clock
        self._slot = slot
        self._pccs = tuple(pccs)
        self._homes = homes
        self._patience = patience
        self._now_s = now_s

    def sums_wh(self) -> Vector | None:
        """The sums that the slot will end with as it runs now; None when nothing is measured."""
        now = self._station.now
        if now is None or now.slot != self._slot or self._now_s() - now.time_ms / 1000 > self._patience.silent_s:
            return None
        return projected_wh(now, self._pccs, self._clock)

    async def news(self, timeout_s: float) -> None:
        """Return when something new was measured or said, or after so many seconds."""
        await self._station.news(timeout_s)

    async def after(self, before_wh: Vector | None, signalled: Signalled | None = None) -> Vector | None:
        """The sums after a signal, or what they are when nobody answers in time.

        A measurement counts at once that was taken after every home that is waited for has done what it answered: the
        first signal waits for all ``homes``, a later one for those that said so of the one before. What a silent home
        does is seen by its flow alone: where nobody is waited for, and after the first signal too, sums count that
        have left ``before_wh`` (if given) and rest while nobody says anything.
        """
        begun_s = changed_s = self._now_s()
        waited_for = self._waited_for(signalled)
        by_rest = signalled is None or signalled.iteration == 1 or not waited_for
        seen, moved, answered = before_wh, before_wh is None, 0
        while True:
            now_s = self._now_s()
            sums = self.sums_wh()
            since_ms = self._answered_ms(signalled, waited_for)
            if len(since_ms) > answered:
                # Others are still at it, though their powers may not have changed.
                answered, changed_s = len(since_ms), now_s
            if sums is not None and (seen is None or np.max(np.abs(sums - seen), initial=0.0) > _SAME_WH):
                seen, changed_s, moved = sums, now_s, True
            rests = by_rest and moved and now_s - changed_s >= self._patience.quiet_s
            complete = self._complete(since_ms, len(waited_for))
            if sums is not None and (complete or rests or now_s - begun_s >= self._patience.answer_s):
                return sums
            if now_s - begun_s >= self._patience.answer_s + self._patience.silent_s:
                return None
            await self._station.news(self._patience.quiet_s / 3)

    def silent(self, signalled: Signalled) -> list[str]:
        """The homes that have not said that they have answered a signal, though they could."""
        return sorted(home for home in self._homes if self._since_ms(home, signalled) is None)

    def _waited_for(self, signalled: Signalled | None) -> frozenset[str]:
        if signalled is None or signalled.iteration == 1:
            return self._homes
        before = signalled._replace(iteration=signalled.iteration - 1)
        return frozenset(home for home in self._homes if self._since_ms(home, before) is not None)

    def _answered_ms(self, signalled: Signalled | None, homes: frozenset[str]) -> list[int]:
        """Since when those of ``homes`` that have said so do what they answered to a signal."""
        if signalled is None:
            return []
        return [since_ms for home in homes if (since_ms := self._since_ms(home, signalled)) is not None]

    def _complete(self, since_ms: list[int], homes: int) -> bool:
        """Whether the newest measurement has the answer of all ``homes`` that are waited for."""
        now = self._station.now
        return now is not None and homes > 0 and len(since_ms) == homes and max(since_ms) <= now.time_ms

    def _since_ms(self, home: str, signalled: Signalled) -> int | None:
        """Since when a home does what it answered to a signal, or to a later one; None: it hasn't said so."""
        said = self._station.answered.get(home)
        if said is None or (said.slot, said.session) != (self._slot, signalled.session):
            return None
        return said.since_ms if said.iteration >= signalled.iteration else None
