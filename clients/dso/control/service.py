"""The DSO's control of a grid, slot by slot: ask the monitor, run a session, and leave none open."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from clients.common.slots import SLOTS_PER_HOUR, SlotClock
from clients.dso.control.answers import Answers, Patience
from clients.dso.control.commitments import Commitments
from clients.dso.control.connections import Connections
from clients.dso.control.constraint import Cause, Demand, Flexibility, Monitor, SlotView, pcc_name
from clients.dso.control.control_chain import ControlChain
from clients.dso.control.live_session import Ended, LiveSession
from clients.dso.control.settings import ControlSettings
from clients.dso.control.slot_watch import Bearable, left_limits
from clients.dso.control.station_link import StationLink
from clients.dso.grid_chain import ChainUnavailable
from clients.dso.monitor.measurements import Measurements
from wire.asset import AssetKind
from wire.assignment import assignments
from wire.control import CloseControl, ControlOutcome, PhaseOrderStatus
from wire.phase_switch import PHASE_NAMES
from wire.results import Code

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_REMEMBERED = 200
# How much of a slot the station's reading of the one before is waited for.
_READING_SHARE = 0.1
_POLL_SECONDS = 0.02
_SALT_BYTES = 32
# When the next slot is looked at, as a share of the running one.
_AHEAD_SHARE = 0.65
# Sums may be beyond their limits by so many times a session's tolerance before there is another; a slot has so many.
_BEARABLE = 2
_SESSIONS = 8


class Controlled(NamedTuple):
    """A session that this process has run, and why."""

    slot: int
    cause: Cause
    ended: Ended


class _Held(NamedTuple):
    """A slot that is controlled: why, what was known of it, how its last session ended, and how many there were."""

    demand: Demand
    view: SlotView
    ended: Ended
    sessions: int = 1


class ControlService:
    """One grid's. ``monitor`` says when flows must be controlled; ``reward_neur_per_wh2`` is a_r of (6.6)."""

    def __init__(
        self,
        vdg: str,
        clock: SlotClock,
        connections: Connections,
        chain: ControlChain,
        station: StationLink,
        measurements: Measurements,
        commitments: Commitments,
        monitor: Monitor,
        settings: ControlSettings,
        reward_neur_per_wh2: int,
    ) -> None:
        self._vdg = vdg
        self._clock = clock
        self._connections = connections
        self._chain = chain
        self._station = station
        self._measurements = measurements
        self._commitments = commitments
        self._monitor = monitor
        self._settings = settings
        self._curvature = max(2.0 * reward_neur_per_wh2, settings.steepest_neur_per_wh2)
        self._salts = {each.account: secrets.token_bytes(_SALT_BYTES) for each in connections.all}
        self._assigned: dict[bytes, str] = {}
        self._root = b""
        self._battery_w: dict[bytes, int] = {}
        self._ahead: tuple[SlotView, Demand] | None = None
        self.recent: deque[Controlled] = deque(maxlen=_REMEMBERED)

    async def run(self) -> None:
        """Control until cancelled. First it aborts the session that an earlier process has left open."""
        while True:
            try:
                await self.recover()
                await self._slots()
            except ChainUnavailable as error:
                log.warning("control waits for the chain: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def recover(self) -> None:
        """A session whose process has died is aborted: nobody knows what its last signal was answered by.

        Homes go back to their commitments; if flows must still be controlled, another session begins. Raises:
        ChainUnavailable.
        """
        control = await self._chain.grid_control()
        if not control.open_session:
            return
        session = await self._chain.session(control.open_slot, control.open_session)
        if session is None or session.outcome:
            return
        outcome = ControlOutcome.CONTROL_OUTCOME_ABORTED
        message = CloseControl(self._vdg, session.slot, session.session, session.signals, outcome)
        closed = await self._chain.submit(message)
        log.warning(
            "session %d of slot %d was left open after %d signals: %s",
            *(session.session, session.slot, session.signals),
            "aborted" if closed.code is Code.OK else f"{closed.code.name}: {closed.reason}",
        )

    async def _slots(self) -> None:
        while True:
            slot = self._clock.slot_at(time.time())
            held = await self._slot(slot)
            ahead_s = self._clock.start_s(slot) + _AHEAD_SHARE * self._clock.slot_seconds
            held = await self._hold(held, ahead_s)
            await self._clock.until(slot, _AHEAD_SHARE)
            # What is committed for the next slot is known by now: if that is too much, its session needn't wait.
            view = await self._view(slot + 1, ahead=True)
            demand = await asyncio.to_thread(self._monitor.demand, view)
            self._ahead = (view, demand) if demand is not None else None
            await self._hold(held, self._latest_s(slot))
            await self._clock.until(slot + 1)

    async def _slot(self, slot: int) -> _Held | None:
        view, demand = self._ahead or (None, None)
        if view is None or view.slot != slot:
            view = await self._view(slot)
            # Solving the grid takes some tenths of a second, in which proofs and readings go on.
            demand = await asyncio.to_thread(self._monitor.demand, view)
        if demand is None:
            return None
        await self._clock.until(slot, self._settings.begin_s / self._clock.slot_seconds)
        if time.time() > self._latest_s(slot):
            return None
        return _Held(demand, view, await self.control(demand, view))

    async def _hold(self, held: _Held | None, until_s: float) -> _Held | None:
        """Watch a slot whose session has converged, and run another one whenever flows leave their limits again.

        It goes on from the last signal. Raises: ChainUnavailable.
        """
        while held is not None and held.ended.outcome is ControlOutcome.CONTROL_OUTCOME_CONVERGED:
            if held.sessions == _SESSIONS:
                return held
            answers = self._answers(held.demand, frozenset())
            bearable = Bearable(_BEARABLE * self._settings.tolerance_wh, self._settings.answer_s)
            if not await left_limits(answers, held.demand.constraint, bearable, until_s):
                return held
            log.info("slot %d: flows have left their limits again", held.demand.slot)
            ended = await self.control(held.demand, held.view, held.ended.last_signal)
            held = held._replace(ended=ended, sessions=held.sessions + 1)
        return held

    def _latest_s(self, slot: int) -> float:
        return self._clock.end_s(slot) - self._settings.last_share * self._clock.slot_seconds

    async def control(self, demand: Demand, view: SlotView, start: tuple[int, ...] = ()) -> Ended:
        """Run a session for a slot that has begun, from signal ``start`` if there is one. Raises: ChainUnavailable."""
        await self._assign(view)
        pccs = tuple(limit.pcc for limit in demand.limits)
        batteries = await self._batteries(pccs)
        answers = self._answers(demand, frozenset(self._connections.by_account[each].home for each in batteries))
        flexibility = self._flexibility(pccs, answers, batteries)
        session = LiveSession(
            self._vdg, demand, flexibility, self._chain, answers, self._clock, self._settings, start=start
        )
        log.info("slot %d is controlled: %s", demand.slot, demand.why)
        ended = await session.run(self._root)
        self.recent.append(Controlled(demand.slot, Cause(demand.reason, demand.why), ended))
        log.info(
            "session %d of slot %d: %s after %d signals in %.2f s, residual %.1f Wh",
            *(ended.number, demand.slot, ended.outcome.name if ended.outcome else "ended by the chain"),
            *(ended.signals, ended.seconds, ended.residual_wh),
        )
        return ended

    def _answers(self, demand: Demand, homes: frozenset[str]) -> Answers:
        settings = self._settings
        patience = Patience(settings.quiet_s, settings.answer_s, settings.silent_s)
        pccs = [limit.pcc for limit in demand.limits]
        return Answers(self._station, self._clock, demand.slot, pccs, homes, patience)

    async def _view(self, slot: int, *, ahead: bool = False) -> SlotView:
        """What is known of a slot; ``ahead``: before it begins, when the one before it isn't measured yet."""
        patience_s = 0.0 if ahead else self._clock.start_s(slot) + _READING_SHARE * self._clock.slot_seconds
        while self._measurements.station(slot - 1) is None and (left_s := patience_s - time.time()) > 0:
            await asyncio.sleep(min(left_s, _POLL_SECONDS))
        committed = self._commitments.of(slot)
        homes = self._connections.by_account
        return SlotView(
            slot,
            {homes[account].home: flow_wh for account, flow_wh in committed.items() if account in homes},
            await self.phases(slot),
            self._measurements.station(slot - 1),
            self._measurements.voltages_mv(slot - 1),
            self.held(slot - 1),
        )

    def held(self, slot: int) -> Cause | None:
        """Why a slot was controlled, if its last session had to move flows to the end."""
        last = self.recent[-1] if self.recent else None
        return last.cause if last is not None and last.slot == slot and last.ended.needed else None

    async def phases(self, slot: int) -> dict[str, str]:
        """The phase that each home is on in a slot: as its switch has confirmed it, or will, where it is ordered.

        Raises: ChainUnavailable.
        """
        switches = {switch.account: switch for switch in await self._chain.switches()}
        ordered = {
            order.account: PHASE_NAMES[order.phase]
            for order in await self._chain.phase_orders(slot)
            if order.status is PhaseOrderStatus.PHASE_ORDER_STATUS_ORDERED
        }
        return {
            each.home: ordered.get(each.account) or each.phase_by(switches.get(each.account))
            for each in self._connections.all
        }

    async def _assign(self, view: SlotView) -> None:
        """Tell homes which PCC they are on, where that has changed."""
        assigned = {
            each.account: pcc_name(each.feeder, view.phases.get(each.home, each.phase))
            for each in self._connections.all
        }
        if assigned == self._assigned:
            return
        entries = {account: (pcc, self._salts[account]) for account, pcc in assigned.items()}
        told = assignments(entries)
        by_home = {self._connections.by_account[account].home: entry for account, entry in told.items()}
        self._root = bytes.fromhex(next(iter(told.values())).root)
        if await self._station.assign(by_home):
            self._assigned = assigned

    async def _batteries(self, pccs: tuple[str, ...]) -> dict[bytes, int]:
        """The power in W that each home on these PCCs has registered of batteries; homes without are left out."""
        if not self._battery_w:
            for each in self._connections.all:
                assets = await self._chain.assets(each.account)
                batteries = (asset.power_w for asset in assets if asset.kind is AssetKind.ASSET_KIND_BATTERY)
                self._battery_w[each.account] = sum(batteries)
        return {
            account: self._battery_w[account]
            for account, pcc in self._assigned.items()
            if pcc in pccs and self._battery_w[account]
        }

    def _flexibility(self, pccs: tuple[str, ...], answers: Answers, battery_w: Mapping[bytes, int]) -> Flexibility:
        """What batteries that are registered could do at most; homes declare nothing."""
        swing_wh, steepest = np.zeros(len(pccs)), np.zeros(len(pccs))
        for account, power_w in battery_w.items():
            pcc = pccs.index(self._assigned[account])
            swing_wh[pcc] += 2 * power_w / SLOTS_PER_HOUR
            steepest[pcc] += 1 / self._curvature
        flows_wh = answers.sums_wh()
        if flows_wh is None:
            flows_wh, swing_wh = np.zeros(len(pccs)), np.full(len(pccs), np.inf)
        return Flexibility(flows_wh - swing_wh, flows_wh + swing_wh, steepest, len(self._connections.all))
