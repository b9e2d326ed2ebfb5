"""The prover: each slot that ended is signed, submitted and followed until every member is proved or it is too late."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from typing import NamedTuple

from clients.common.slots import SlotClock
from clients.dso.collector.readings import Readings
from clients.dso.findings import Finding, Findings, Kind
from clients.dso.grid_chain import ChainUnavailable
from clients.dso.members import Members
from clients.dso.prover.proofs import Proofs, State
from clients.dso.prover.signatures import SignerRefusedError, SignerUnavailableError
from clients.dso.prover.signing import Signing
from clients.dso.prover.submission import Submission
from wire.flowproof import FlowStatement
from wire.grid import Grid, Member

_LONGEST_RETRY_SECONDS = 1.0
_LONGEST_SLEEP_SECONDS = 1.0


class Rules(NamedTuple):
    """``grace_s``: how long after a slot's end the first batch waits for readings that are missing.

    ``keep_slots``: how many slots readings and proofs are kept.
    """

    chain_id: str
    grace_s: float
    keep_slots: int


class Prover:
    """Proves the slots of one grid. What it did is on disk or on the chain, so it may be killed at any time."""

    def __init__(
        self,
        rules: Rules,
        grid: Grid,
        members: Members,
        readings: Readings,
        proofs: Proofs,
        signing: Signing,
        submission: Submission,
        findings: Findings,
    ) -> None:
        self.grid = grid
        self._rules = rules
        self._clock = SlotClock(grid.epoch_s, grid.slot_seconds)
        self._retry_s = min(_LONGEST_RETRY_SECONDS, grid.slot_seconds / 5)
        self._members = members
        self._readings = readings
        self._proofs = proofs
        self._signing = signing
        self._submission = submission
        self._findings = findings
        self._wake = asyncio.Event()
        self._due_s: dict[int, float] = {}
        self._active: set[int] = set()
        self._unsure: set[int] = set()
        self._told: set[int] = set()
        self._silent: set[str] = set()
        self._down: set[Kind] = set()
        now_slot = self._clock.slot_at(time.time())
        self._next_slot = max(0, now_slot - grid.proof_deadline_slots - 1)
        # What an earlier run of this process submitted last may be in: the chain is asked before it is sent again.
        self._unsure.update(range(self._next_slot, now_slot))
        self.proved_slot = self._next_slot - 1

    @property
    def open_slots(self) -> list[int]:
        """Slots that ended and are not finished."""
        return sorted(self._due_s)

    def heard(self, slot: int) -> None:
        """A reading of a slot's end came: it bears on this slot's flow and the next one's."""
        for touched in (slot, slot + 1):
            if touched in self._due_s:
                self._due_s[touched] = 0.0
        self._wake.set()

    async def run(self) -> None:
        """Prove until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                now_s = time.time()
                self._open_what_ended(now_s)
                for slot in [s for s, due_s in self._due_s.items() if due_s <= now_s and s not in self._active]:
                    self._active.add(slot)
                    self._due_s[slot] = math.inf
                    group.create_task(self._attempt(slot))
                await self._sleep()

    def _open_what_ended(self, now_s: float) -> None:
        running = self._clock.slot_at(now_s)
        if self._next_slot >= running:
            return
        for slot in range(self._next_slot, running):
            self._due_s[slot] = 0.0
        self._next_slot = running
        oldest = running - self._rules.keep_slots
        self._readings.forget_before(oldest)
        self._proofs.forget_before(oldest)
        self._told = {slot for slot in self._told if slot in self._due_s}

    async def _sleep(self) -> None:
        now_s = time.time()
        waiting = [due_s for slot, due_s in self._due_s.items() if slot not in self._active]
        until_s = min([*waiting, self._clock.end_s(self._next_slot), now_s + _LONGEST_SLEEP_SECONDS])
        try:
            async with asyncio.timeout(max(0.0, until_s - now_s)):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _attempt(self, slot: int) -> None:
        try:
            next_s = await self._advance(slot)
            self._down.clear()
        except (ChainUnavailable, SignerUnavailableError, SignerRefusedError) as error:
            self._unsure.add(slot)
            self._tell_down(slot, error)
            next_s = time.time() + self._retry_s
        self._active.remove(slot)
        if next_s is None:
            self._due_s.pop(slot)
            self.proved_slot = max(self.proved_slot, slot)
        else:
            self._due_s[slot] = min(self._due_s[slot], next_s)
        self._wake.set()

    async def _advance(self, slot: int) -> float | None:
        """Do what can be done for a slot; returns when to try again (Unix time), None when it is finished."""
        if slot in self._unsure:
            await self._submission.note_what_is_in(slot)
            self._unsure.discard(slot)
        now_s = time.time()
        members = self._members.in_slot(slot)
        noted = self._proofs.of_slot(slot)
        missing = [member for member in members if member.account not in noted]
        flows_wh = self._readings.flows_wh(slot)
        ready = [member for member in missing if member.meter in flows_wh]
        grace_end_s = self._clock.end_s(slot) + self._rules.grace_s
        deadline_s = self._clock.end_s(slot + self.grid.proof_deadline_slots)
        settled = True
        if now_s >= deadline_s:
            self._tell_too_late(slot, ready, flows_wh)
            missing = []
        elif len(ready) == len(missing) or now_s >= grace_end_s:
            if ready:
                settled = await self._sign(slot, ready, flows_wh)
            if now_s >= grace_end_s and slot not in self._told:
                self._told.add(slot)
                self._tell_silent(slot, [member for member in missing if member.meter not in flows_wh])
            missing = [member for member in missing if member.meter not in flows_wh]
        signed = [e.proof for e in self._proofs.of_slot(slot).values() if e.state is State.SIGNED]
        if signed:
            settled = await self._submission.submit(slot, self._clock.end_s(slot), signed) and settled
        if not settled:
            return time.time() + self._retry_s
        if not missing:
            return None
        return grace_end_s if now_s < grace_end_s else deadline_s

    async def _sign(self, slot: int, members: Sequence[Member], flows_wh: dict[str, int]) -> bool:
        statements = [
            FlowStatement(
                self._rules.chain_id, self.grid.vdg, slot, member.account, flows_wh[member.meter], member.meter
            )
            for member in members
        ]
        return await self._signing.sign(statements, self.grid.proof_key)

    def _tell_silent(self, slot: int, members: Sequence[Member]) -> None:
        read = self._readings.meters_read(slot)
        self._silent -= read
        for member in members:
            # One that was read has no reading before: a gap, or its start. One that stays silent was told already.
            if member.meter not in read and member.meter not in self._silent:
                self._silent.add(member.meter)
                self._findings.add(
                    Finding(
                        Kind.SILENT,
                        member.meter,
                        slot,
                        f"no reading of the slot's end after {self._rules.grace_s:g} s",
                        "the others are proved without it; see after the meter and its connection",
                    )
                )

    def _tell_too_late(self, slot: int, members: Sequence[Member], flows_wh: dict[str, int]) -> None:
        for member in members:
            self._findings.add(
                Finding(
                    Kind.PROOF_TOO_LATE,
                    member.meter,
                    slot,
                    f"{flows_wh[member.meter]} Wh could not be signed before the slot's deadline",
                    "the slot settles without it; see what delayed the reading or the signer",
                )
            )

    def _tell_down(self, slot: int, error: Exception) -> None:
        if isinstance(error, ChainUnavailable):
            kind, way_out = Kind.CHAIN_UNAVAILABLE, "it is tried again; see after gateway and validators"
        elif isinstance(error, SignerUnavailableError):
            kind, way_out = Kind.SIGNER_UNAVAILABLE, "it is tried again; see after the signing service"
        else:
            kind, way_out = Kind.SIGNING_REFUSED, "it is tried again; correct the signer's file or the key on chain"
        if kind not in self._down:
            self._down.add(kind)
            self._findings.add(Finding(kind, "", slot, str(error), way_out))
