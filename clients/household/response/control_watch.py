"""The agents' part in real-time control: follow the chain's sessions, and answer each signal by the best response.

A home's answer is what it takes or gives; to the DSO it says only that its inverter has begun with it. It answers where
the DSO has shown it, by a path to the root in the session's terms, which point of common coupling it is on. Signals are
answered at once, and proved to be on the chain meanwhile: a gateway that makes some up is left.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from clients.common.chain import Chain
from clients.common.errors import ChainError, HistoryGone
from clients.common.subscribe import Cursor
from clients.household.home import Home
from clients.household.response.homes import Homes
from clients.household.response.own_slot import Commitment, ControlSettings, SlotPrices, answer_wh, own_slot
from clients.household.response.session_proof import SessionProofs
from clients.household.terms import Terms
from wire.answered import Answered
from wire.assignment import Assignment
from wire.control import (
    ControlClosed,
    ControlOpened,
    ControlOutcome,
    ControlSession,
    ControlSignal,
    ControlSignalled,
    ControlTerms,
    GetGridControlRequest,
    GetSessionRequest,
)

log = logging.getLogger(__name__)

# How long after its time a signal is still waited for, since blocks and messages take theirs.
_GRACE_SECONDS = 2.0
_RETRY_SECONDS = 1.0
# An answer to these is kept until the slot ends; any other end sends homes back to what they have committed to.
_KEPT = (
    ControlOutcome.CONTROL_OUTCOME_CONVERGED,
    ControlOutcome.CONTROL_OUTCOME_NOT_CONVERGED,
    ControlOutcome.CONTROL_OUTCOME_UNATTAINABLE,
)
_NO_TERMS = ControlTerms()


class Steers(Protocol):
    """Who steers a grid's homes, and knows its terms."""

    terms: Terms

    @property
    def homes(self) -> Mapping[str, Home]:
        """Its homes, by id."""
        ...

    def ask(self, home: Home, slot: int, flow_wh: int) -> None:
        """Steer a home to a net flow of a slot."""
        ...

    def release(self, home: Home, slot: int) -> None:
        """Steer a home as if nothing had been asked."""
        ...

    def obeyed_ms(self, home: Home, slot: int) -> int | None:
        """Since when (Unix ms) a home's inverter does what was ordered for a slot last; None: it hasn't said so."""
        ...


@dataclass
class _Followed:
    """A session, its newest signal, and the homes as they were when each answered first."""

    session: ControlSession
    signal: ControlSignal | None = None
    signals: dict[int, ControlSignal] = field(default_factory=dict)
    homes: dict[str, Homes] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None

    @property
    def terms(self) -> ControlTerms:
        return self.session.terms or _NO_TERMS

    @property
    def key(self) -> tuple[str, int, int]:
        return self.session.vdg, self.session.slot, self.session.session


class ControlWatch:
    """Follows the sessions of some grids; ``traders`` by grid steer the homes, each with a connection of so many Wh.

    ``tell`` gets a home's id, and for the DSO which signal the home has answered, once its inverter does so.
    """

    def __init__(
        self,
        chain: Chain,
        traders: Mapping[str, Steers],
        settings: ControlSettings,
        max_grid_wh: int,
        tell: Callable[[str, Answered], None],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._chain = chain
        self._traders = traders
        self._settings = settings
        self._max_grid_wh = max_grid_wh
        self._tell = tell
        self._now_s = now_s
        self._assigned: dict[str, Assignment] = {}
        self._open: dict[str, _Followed] = {}
        self._proofs = SessionProofs(chain)

    async def run(self) -> None:
        """Follow until cancelled. Raises: Unverified when the state doesn't show what was told, WrongChain,
        GatewayError."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._proofs.run())
            while True:
                start = await self._chain.cursor()
                try:
                    for vdg in self._traders:
                        await self._catch_up(vdg)
                    await self._follow(start)
                except HistoryGone as error:
                    log.warning("sessions since %s are not kept any more (%s): what is open is read", start, error)
                await asyncio.sleep(_RETRY_SECONDS)

    def assigned(self, home_id: str, assignment: Assignment) -> None:
        """The DSO says where a home is; it answers the session that was waiting for that, if there is one."""
        for trader in self._traders.values():
            home = trader.homes.get(home_id)
            if home is None:
                continue
            if not assignment.proves(home.account.address):
                log.warning("%s: its assignment to PCC %s is not under its root: not believed", home_id, assignment.pcc)
                return
            self._assigned[home_id] = assignment
            followed = self._open.get(trader.terms.grid.vdg)
            if followed is not None:
                self._answer(trader, home, followed)

    def measured(self, home: Home) -> None:
        """There is news of a home: it answers a session of a slot that has begun meanwhile."""
        for trader in self._traders.values():
            followed = self._open.get(trader.terms.grid.vdg)
            if followed is not None and home.id in trader.homes and home.id not in followed.asked:
                self._answer(trader, home, followed)

    def heard(self, home: Home) -> None:
        """A home's devices have said something: its inverter, perhaps, that it does what was answered last."""
        for trader in self._traders.values():
            followed = self._open.get(trader.terms.grid.vdg)
            if followed is not None and home.id in followed.untold:
                self._tell_answered(trader, home, followed)

    def opened(self, session: ControlSession) -> None:
        """A session begins."""
        self._end(session.vdg)
        self._open[session.vdg] = followed = _Followed(session)
        self._wait_until(followed, session.due_s)

    def signalled(self, vdg: str, slot: int, number: int, signal: ControlSignal) -> None:
        """A signal of the open session: every home that can answers it. Older ones than the last change nothing."""
        trader, followed = self._traders.get(vdg), self._open.get(vdg)
        if trader is None or followed is None or followed.key != (vdg, slot, number):
            return
        followed.signals[signal.iteration] = signal
        if followed.signal is not None and signal.iteration <= followed.signal.iteration:
            return
        followed.signal = signal
        due_s = signal.time_s + followed.terms.iteration_seconds
        self._wait_until(followed, min(due_s, trader.terms.clock.end_s(slot)))
        for home in trader.homes.values():
            self._answer(trader, home, followed)

    def closed(self, session: ControlSession) -> None:
        """A session's end: the last answers stay until the slot's end, or homes go back to their commitments."""
        followed = self._open.get(session.vdg)
        if followed is None or followed.key != (session.vdg, session.slot, session.session):
            return
        if session.outcome in _KEPT:
            self._forget(session.vdg)
        else:
            self._end(session.vdg)
        self._proofs.add(session, followed.signals)

    def _answer(self, trader: Steers, home: Home, followed: _Followed) -> None:
        signal, assignment, slot = followed.signal, self._assigned.get(home.id), followed.session.slot
        if not self._settings.answer or signal is None or assignment is None or home.battery is None:
            return
        if assignment.root != followed.terms.assignment_root.hex():
            return
        pccs = [limit.pcc for limit in followed.terms.pccs]
        if assignment.pcc not in pccs:
            return
        problem = followed.homes.get(home.id) or self._problem(trader.terms, home, slot)
        if problem is None:
            return
        followed.homes[home.id] = problem
        followed.asked.add(home.id)
        followed.untold.add(home.id)
        trader.ask(home, slot, answer_wh(problem, signal.neur_per_wh[pccs.index(assignment.pcc)]))
        self._tell_answered(trader, home, followed)

    def _tell_answered(self, trader: Steers, home: Home, followed: _Followed) -> None:
        session, signal = followed.session, followed.signal
        since_ms = trader.obeyed_ms(home, session.slot)
        if signal is None or since_ms is None:
            return
        followed.untold.discard(home.id)
        told = Answered(slot=session.slot, session=session.session, iteration=signal.iteration, since_ms=since_ms)
        self._tell(home.id, told)

    def _problem(self, terms: Terms, home: Home, slot: int) -> Homes | None:
        so_far = home.measurements.so_far(self._now_s())
        store = home.store
        if so_far is None or so_far.slot != slot or store is None:
            return None
        market_wh = home.account.position_wh(slot)
        commitment = Commitment(market_wh, market_wh + home.account.supplier_flow_wh.get(slot, 0))
        prices = SlotPrices(terms.buy_price(slot), terms.sell_price(slot), terms.grid.deviation_neur_per_wh2)
        return own_slot(
            so_far,
            store.for_control.usable,
            home.throughput_left_wh,
            commitment,
            prices,
            self._settings,
            self._max_grid_wh,
        )

    def _wait_until(self, followed: _Followed, due_s: int) -> None:
        """Without a further signal by then, and without word of the end, the home decides for itself that it's over."""
        if followed.timer is not None:
            followed.timer.cancel()
        wait_s = max(0.0, due_s + _GRACE_SECONDS - self._now_s())
        followed.timer = asyncio.get_running_loop().call_later(wait_s, self._give_up, followed)

    def _give_up(self, followed: _Followed) -> None:
        if self._open.get(followed.session.vdg) is followed:
            log.warning("session %s of slot %d of %s: no signal came in time", *reversed(followed.key))
            self._end(followed.session.vdg)

    def _end(self, vdg: str) -> None:
        """Homes go back to what they have committed to."""
        followed, trader = self._forget(vdg), self._traders.get(vdg)
        if followed is not None and trader is not None and followed.asked:
            what = (*reversed(followed.key), len(followed.asked))
            log.info("session %s of slot %d of %s is over: %d homes go back to what they had planned", *what)
            for home_id in sorted(followed.asked):
                trader.release(trader.homes[home_id], followed.session.slot)

    def _forget(self, vdg: str) -> _Followed | None:
        followed = self._open.pop(vdg, None)
        if followed is not None and followed.timer is not None:
            followed.timer.cancel()
        return followed

    async def _catch_up(self, vdg: str) -> None:
        """A session that was open before this process, or its connection, was there."""
        try:
            control = (await self._chain.query(GetGridControlRequest(vdg))).control
            if control is None or not control.open_session:
                return
            request = GetSessionRequest(vdg, control.open_slot, control.open_session)
            session: ControlSession | None = (await self._chain.query(request)).session
            if session is None or session.outcome:
                return
            self.opened(session)
            for signal in await self._proofs.signals(session):
                self.signalled(vdg, session.slot, session.session, signal)
        except ChainError as error:
            log.warning("%s: no open session could be read: %s", vdg, error)

    async def _follow(self, start: Cursor) -> None:
        types = (ControlOpened, ControlSignalled, ControlClosed)
        async for batch in self._chain.batches(start=start, types=types):
            for event in batch.events:
                match event.value:
                    case ControlOpened(session=session) if session is not None and session.vdg in self._traders:
                        self.opened(session)
                    case ControlSignalled(vdg=vdg, slot=slot, session=number, signal=signal) if signal is not None:
                        self.signalled(vdg, slot, number, signal)
                    case ControlClosed(session=session) if session is not None:
                        self.closed(session)
