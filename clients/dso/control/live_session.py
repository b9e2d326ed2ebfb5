"""A session on the chain, from its opening to its end: signal, answers, next signal (thesis, algorithm 2)."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clients.common.slots import SlotClock
from clients.dso.control.answers import Answers, Signalled
from clients.dso.control.constraint import Constraint, Demand, Flexibility, Vector
from clients.dso.control.control_chain import ControlChain
from clients.dso.control.law import Law
from clients.dso.control.laws import law_of
from clients.dso.control.settings import ControlSettings
from clients.dso.control.staying import still_needed
from clients.dso.grid_chain import Outcome
from wire.control import (
    CloseControl,
    ControlOutcome,
    ControlTerms,
    OpenControl,
    PostSignal,
)
from wire.results import Code

log = logging.getLogger(__name__)

# So many measurements in a row may be missing before a session is given up.
_MISSING = 3
# A law that stands still although homes don't keep the limit has believed a wrong answer: it looks again, so often.
_AFRESH = 3
_STEEPER = 2.0
_BEHIND_SECONDS, _AGAIN_SECONDS = 3.0, 0.05


class Iteration(NamedTuple):
    """What one signal took: until its block was known, and from there until its answers were measured."""

    block_s: float
    answers_s: float


class Ended(NamedTuple):
    """How a session went. ``outcome`` None: the chain refused to open it, or ended it by itself.

    ``needed``: flows had to be moved to its end; ``last_signal`` is what they were moved by.
    """

    number: int
    outcome: ControlOutcome | None
    signals: int
    residual_wh: float
    seconds: float
    iterations: tuple[Iteration, ...]
    needed: bool = False
    last_signal: tuple[int, ...] = ()


class _Closed(Exception):
    """The chain doesn't take this session's signals any more."""


class LiveSession:
    """One session of a grid; ``answers`` measures its slot. ``start``: the first signal, 0 if there was none before."""

    def __init__(
        self,
        vdg: str,
        demand: Demand,
        flexibility: Flexibility,
        chain: ControlChain,
        answers: Answers,
        clock: SlotClock,
        settings: ControlSettings,
        now_s: Callable[[], float] = time.time,
        start: tuple[int, ...] = (),
    ) -> None:
        self._vdg = vdg
        self._demand = demand
        self._flexibility = flexibility
        self._chain = chain
        self._answers = answers
        self._settings = settings
        self._now_s = now_s
        self._last_s = clock.end_s(demand.slot) - settings.last_share * clock.slot_seconds
        self._start = start
        self._signals = 0
        self._last_signal: tuple[int, ...] = ()
        self._number = 0

    async def run(self, assignment_root: bytes) -> Ended:
        """Run it to its end. Raises: ChainUnavailable when the chain does not answer; it then ends it itself."""
        begun_s = self._now_s()
        settings = self._settings
        terms = ControlTerms(
            reason=self._demand.reason,
            law=settings.law.on_chain,
            pccs=self._demand.limits,
            distribution_fee_neur_per_wh2=settings.distribution_fee_neur_per_wh2,
            tolerance_wh=settings.tolerance_wh,
            max_iterations=settings.max_iterations,
            iteration_seconds=settings.iteration_s,
            assignment_root=assignment_root,
        )
        # At the beginning of a slot the station has shown nothing of it yet.
        before = await self._answers.after(None)
        opened = await self._chain.submit(OpenControl(self._vdg, self._demand.slot, terms))
        if opened.code is not Code.OK:
            log.warning("slot %d: no session: %s: %s", self._demand.slot, opened.code.name, opened.reason)
            return Ended(0, None, 0, 0.0, self._now_s() - begun_s, ())
        self._number = await self._opened()
        iterations: list[Iteration] = []
        outcome, residual_wh = None, 0.0
        try:
            outcome, residual_wh = await self._iterate(before, iterations)
        except _Closed as closed:
            log.warning("session %d of slot %d has ended by itself: %s", self._number, self._demand.slot, closed)
        needed = still_needed(self._last_signal, unattainable=outcome is ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE)
        seconds = self._now_s() - begun_s
        return Ended(
            self._number, outcome, self._signals, residual_wh, seconds, tuple(iterations), needed, self._last_signal
        )

    async def _opened(self) -> int:
        """The number of the session that was opened; a node that answers may be a block behind."""
        until_s = self._now_s() + _BEHIND_SECONDS
        while True:
            control = await self._chain.grid_control()
            if (control.open_session and control.open_slot == self._demand.slot) or self._now_s() > until_s:
                return control.open_session
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _iterate(self, before: Vector | None, iterations: list[Iteration]) -> tuple[ControlOutcome, float]:
        settings, constraint = self._settings, self._demand.constraint
        attainable = constraint.closest_attainable(self._flexibility)
        flexibility, law = self._flexibility, None
        measured, residual_wh, missing, afresh = before, 0.0, 0, 0
        last = self._start
        while True:
            if law is None and before is not None:
                law = self._law(attainable, flexibility, before, last)
            signal = self._bounded(law) if law is not None else last or (0,) * len(constraint.min_wh)
            started_s = self._now_s()
            await self._post(signal, measured)
            posted_s = self._now_s()
            signalled = Signalled(self._number, self._signals)
            sums = await self._answers.after(measured if signal != last else None, signalled)
            iterations.append(Iteration(posted_s - started_s, self._now_s() - posted_s))
            silent = self._answers.silent(signalled)
            if silent:
                log.debug("signal %d: %d homes are silent: %s", self._signals, len(silent), ", ".join(silent))
            if sums is None:
                missing += 1
                log.warning("session %d: no measurement after signal %d", self._number, self._signals)
                if missing == _MISSING:
                    return await self._close(ControlOutcome.CONTROL_OUTCOME_ABORTED, 0.0, None)
            else:
                missing, measured = 0, sums
                if law is None:
                    before = sums
                    law = self._law(attainable, flexibility, sums, signal)
                residual_wh = law.residual_wh(sums)
                apart_wh = np.abs(sums - constraint.nearest(sums))
                if residual_wh <= settings.tolerance_wh:
                    kept = bool(np.all(apart_wh <= settings.tolerance_wh))
                    outcome = (
                        ControlOutcome.CONTROL_OUTCOME_CONVERGED
                        if kept
                        else ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE
                    )
                    return await self._close(outcome, max(residual_wh, float(np.max(apart_wh, initial=0.0))), sums)
                if self._at_the_end(signal, apart_wh):
                    outcome = ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE
                    return await self._close(outcome, float(np.max(apart_wh)), sums)
                law.update(sums)
                if self._bounded(law) == signal:
                    afresh += 1
                    flexibility = flexibility.steeper(_STEEPER)
                    law = self._law(attainable, flexibility, sums, signal) if afresh <= _AFRESH else law
                    law.update(sums)
            last = signal
            if self._signals >= settings.max_iterations or afresh > _AFRESH or self._now_s() > self._last_s:
                return await self._close(ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED, residual_wh, measured)

    def _law(self, attainable: Constraint, flexibility: Flexibility, start_wh: Vector, signal: tuple[int, ...]) -> Law:
        settings = self._settings
        fee = float(settings.distribution_fee_neur_per_wh2)
        start = np.array(signal, dtype=np.float64) if signal else None
        return law_of(settings.law, attainable, flexibility, fee, settings.tolerance_wh / 2, start_wh, start)

    def _bounded(self, law: Law) -> tuple[int, ...]:
        most = self._settings.most_neur_per_wh
        return tuple(round(float(value)) for value in np.clip(law.signal_neur_per_wh, -most, most))

    def _at_the_end(self, signal: tuple[int, ...], apart_wh: Vector) -> bool:
        """Whether every PCC that is beyond its limits has the strongest signal already."""
        beyond = apart_wh > self._settings.tolerance_wh
        strongest = np.abs(np.array(signal)) >= self._settings.most_neur_per_wh
        return bool(np.any(beyond)) and bool(np.all(strongest[beyond]))

    async def _post(self, signal: tuple[int, ...], measured: Vector | None) -> None:
        message = PostSignal(self._vdg, self._demand.slot, self._number, self._signals + 1, signal, _whole(measured))
        posted = await self._chain.submit(message)
        if posted.code not in (Code.OK, Code.ALREADY_SIGNALLED):
            raise _Closed(f"{posted.code.name}: {posted.reason}")
        self._signals += 1
        self._last_signal = signal

    async def _close(
        self, outcome: ControlOutcome, residual_wh: float, sums: Vector | None
    ) -> tuple[ControlOutcome, float]:
        closed = await self._submit_close(outcome, residual_wh, sums)
        if closed.code is Code.LIMIT_NOT_KEPT:
            # Rounded to whole Wh the sums are beyond the tolerance after all.
            outcome = ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED
            closed = await self._submit_close(outcome, residual_wh, sums)
        if closed.code is not Code.OK:
            raise _Closed(f"{closed.code.name}: {closed.reason}")
        return outcome, residual_wh

    async def _submit_close(self, outcome: ControlOutcome, residual_wh: float, sums: Vector | None) -> Outcome:
        residual = max(0, math.ceil(residual_wh - 1e-9))
        message = CloseControl(
            self._vdg, self._demand.slot, self._number, self._signals, outcome, residual, _whole(sums)
        )
        return await self._chain.submit(message)


def _whole(sums: Vector | None) -> tuple[int, ...]:
    """As they go on the chain: the one place where sums are rounded."""
    return () if sums is None else tuple(round(float(value)) for value in sums)
