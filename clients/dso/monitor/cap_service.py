"""Caps of a VDG's slots: judged from proved flows and posted before the gate, each with its reason."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from clients.common.grid.grid import PHASE_CODES, Grid
from clients.common.grid.limits import KEPT, Limits
from clients.common.slots import SLOTS_PER_DAY, SlotClock
from clients.dso.control.connections import Connections
from clients.dso.findings import Finding, Findings, Kind
from clients.dso.grid_chain import ChainUnavailable, GridChain
from clients.dso.monitor.cap_settings import CapSettings
from clients.dso.monitor.caps import Cap, Forecast, Vdg, least_caps
from wire.grid import SetCaps
from wire.results import Code

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_REMEMBERED = 20
_DAYS_BACK = 7
_NEWEST_SLOTS = 3
_MAX_REASON_CHARACTERS = 200


class Party(NamedTuple):
    """A VDG on the network: its chain, and where its homes hang."""

    vdg: str
    chain: GridChain
    connections: Connections


class Posted(NamedTuple):
    """A cap that was posted."""

    slot: int
    import_cap_wh: int
    export_cap_wh: int
    reason: str


class _Basis(NamedTuple):
    """The slot whose proved flows are the forecast, and these by account."""

    slot: int
    flows_wh: Mapping[bytes, int]


class CapService:
    """One VDG's, the first of ``parties``; the others share its network. What is capped already stays as it is.

    Any other party's DSO comes to the same caps for it from the same proofs, so that nobody has to ask.
    """

    def __init__(
        self,
        grid: Grid,
        clock: SlotClock,
        parties: list[Party],
        settings: CapSettings,
        findings: Findings,
        limits: Limits = KEPT,
    ) -> None:
        self._grid = grid
        self._clock = clock
        self._parties = parties
        self._settings = settings
        self._findings = findings
        self._limits = limits
        self._numbers = {home.id: number for number, home in enumerate(grid.network.homes)}
        self._judged: set[int] = set()
        self._bases: dict[int, Mapping[bytes, int]] = {}
        self.recent: deque[Posted] = deque(maxlen=_REMEMBERED)

    @property
    def judged_to_slot(self) -> int:
        """The last slot that was judged; -1 for none."""
        return max(self._judged, default=-1)

    async def run(self) -> None:
        """Judge until cancelled, slot by slot."""
        while True:
            try:
                await self.judge(self._clock.slot_at(time.time()))
                wait_s = min(1.0, self._clock.slot_seconds / 2)
            except ChainUnavailable as error:
                log.warning("caps wait for the chain: %s", error)
                wait_s = _RETRY_SECONDS
            await asyncio.sleep(wait_s)

    async def judge(self, running: int) -> None:
        """Judge every slot that is due in the slot that runs and was not judged; post what has to be.

        Raises: ChainUnavailable.
        """
        # The slot after the running one may have begun by the block's time.
        first = max(0, running + 2)
        self._judged = {slot for slot in self._judged if slot >= running}
        self._bases = {slot: flows for slot, flows in self._bases.items() if slot >= running - _NEWEST_SLOTS}
        near = range(first, running + self._settings.ahead_slots + 1)
        for slot in range(first, self.last_slot_due(running) + 1):
            if slot in self._judged:
                continue
            basis = await self._day_before(slot, running)
            if basis is None and slot in near:
                basis = await self._newest(running)
            if basis is not None:
                await self._judge(slot, basis)
                self._judged.add(slot)

    def last_slot_due(self, running: int) -> int:
        """The last slot that should be judged: of today, of tomorrow once that is due, or so many ahead."""
        day, slot_of_day = divmod(running, SLOTS_PER_DAY)
        days = day + 1 if slot_of_day >= self._settings.judge_at_slot_of_day else day
        return max((days + 1) * SLOTS_PER_DAY - 1, running + self._settings.ahead_slots)

    async def _day_before(self, slot: int, running: int) -> _Basis | None:
        for days in range(1, _DAYS_BACK + 1):
            before = slot - days * SLOTS_PER_DAY
            if before < 0:
                return None
            if before < running and (flows := await self._flows(before)):
                return _Basis(before, flows)
        return None

    async def _newest(self, running: int) -> _Basis | None:
        for slot in range(running - 1, max(-1, running - 1 - _NEWEST_SLOTS), -1):
            if flows := self._bases.get(slot) or await self._flows(slot):
                self._bases[slot] = flows
                return _Basis(slot, flows)
        return None

    async def _flows(self, slot: int) -> Mapping[bytes, int]:
        """What is proved of a slot, of all parties, by account."""
        found: dict[bytes, int] = {}
        for party in self._parties:
            found |= {proof.account: proof.flow_wh for proof in await party.chain.proofs(slot)}
        return found

    async def _judge(self, slot: int, basis: _Basis) -> None:
        own = self._parties[0]
        (terms,) = await own.chain.terms(slot, 1)
        if terms.capped:
            return
        vdgs = [
            Vdg(
                party.vdg,
                (await party.chain.grid()).priority,
                tuple(sorted(self._numbers[each.home] for each in party.connections.all)),
            )
            for party in self._parties
        ]
        # A search takes up to some seconds, in which proofs and readings go on.
        caps = await asyncio.to_thread(least_caps, self._grid, self._forecast(basis), vdgs, self._limits)
        if own.vdg in caps:
            await self._post(slot, caps[own.vdg], basis.slot)

    def _forecast(self, basis: _Basis) -> Forecast:
        flows_wh = np.zeros(len(self._numbers))
        for party in self._parties:
            for each in party.connections.all:
                flows_wh[self._numbers[each.home]] = basis.flows_wh.get(each.account, 0)
        return Forecast(flows_wh, np.array([PHASE_CODES[home.phase] for home in self._grid.network.homes], np.intp))

    async def _post(self, slot: int, cap: Cap, basis: int) -> None:
        own = self._parties[0]
        reason = f"as in slot {basis}, {cap.reason}"[:_MAX_REASON_CHARACTERS]
        outcome = await own.chain.submit(SetCaps(own.vdg, slot, (cap.import_wh,), (cap.export_wh,), reason))
        if outcome.code is Code.OK:
            log.info("slot %d is capped at %d Wh in, %d Wh out: %s", slot, cap.import_wh, cap.export_wh, reason)
            self.recent.append(Posted(slot, cap.import_wh, cap.export_wh, reason))
        else:
            self._findings.add(
                Finding(
                    Kind.CAPS_REFUSED,
                    "",
                    slot,
                    f"{outcome.code.name}: {outcome.reason}",
                    "the slot stays without a cap, and control takes over; is this daemon's account the grid's DSO?",
                )
            )
