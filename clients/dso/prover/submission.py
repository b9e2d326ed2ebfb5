"""Getting a slot's signed proofs in, whatever the chain answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from clients.dso.findings import Finding, Findings, Kind
from clients.dso.grid_chain import GridChain
from clients.dso.prover.batches import in_batches
from clients.dso.prover.proofs import Proofs, State
from wire.flowproof import FlowProof, SubmitProofs
from wire.results import Code

log = logging.getLogger(__name__)

_ONE_PROOF_AT_FAULT = frozenset(
    {Code.INVALID_FIELD, Code.UNKNOWN_ACCOUNT, Code.NOT_A_MEMBER, Code.PROOF_WRONG_METER, Code.AMOUNT_OVERFLOW}
)
"""A batch is taken or refused whole; for these codes halves of it may still go in."""


class Submission:
    """Submits proofs and notes what became of them. Sending one again is harmless: the chain skips what it has."""

    def __init__(self, vdg: str, chain: GridChain, proofs: Proofs, findings: Findings) -> None:
        self._vdg = vdg
        self._chain = chain
        self._proofs = proofs
        self._findings = findings

    async def note_what_is_in(self, slot: int) -> None:
        """Take over from the chain which proofs of a slot are in; one with another flow than ours is an alarm.

        Raises: ChainUnavailable.
        """
        ours = self._proofs.of_slot(slot)
        standing = await self._chain.proofs(slot)
        same: list[FlowProof] = []
        for proof in standing:
            mine = ours.get(proof.account)
            if mine is not None and mine.proof.flow_wh != proof.flow_wh:
                if mine.state is not State.CONFLICT:
                    self._conflict(slot, mine.proof, proof)
            else:
                same.append(proof)
        if same:
            self._proofs.put(slot, same, State.PROVED)

    async def submit(self, slot: int, end_s: int, proofs: Sequence[FlowProof]) -> bool:
        """Submit proofs of a slot that ended at ``end_s``, batches side by side.

        Returns: whether each has its final state now.

        Raises: ChainUnavailable when what became of a batch isn't known.
        """
        await self._chain.wait_for_block_after(end_s)
        batches = list(in_batches(self._vdg, slot, proofs))
        done = await asyncio.gather(*(self._submit(batch) for batch in batches), return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, BaseException):
                raise outcome
        return all(done)

    async def _submit(self, batch: SubmitProofs) -> bool:
        outcome = await self._chain.submit(batch)
        code = outcome.code
        log.info("slot %d: %d proofs: %s", batch.slot, len(batch.proofs), code.name)
        if code is Code.OK:
            self._proofs.put(batch.slot, batch.proofs, State.PROVED)
            return True
        if code is Code.SLOT_NOT_OVER:
            return False  # Block time runs a little behind the clock.
        if code is Code.SLOT_CLOSED:
            await self._too_late(batch)
            return True
        if code is Code.PROOF_CONFLICT:
            await self.note_what_is_in(batch.slot)
            return False
        if code in _ONE_PROOF_AT_FAULT:
            return await self._find_the_fault(batch, outcome.reason)
        self._findings.add(
            Finding(
                Kind.PROOF_REFUSED,
                "",
                batch.slot,
                f"{len(batch.proofs)} proofs: {code.name}: {outcome.reason}",
                "correct the cause; they are submitted again until their deadline",
            )
        )
        return False

    async def _find_the_fault(self, batch: SubmitProofs, reason: str) -> bool:
        if len(batch.proofs) == 1:
            (proof,) = batch.proofs
            self._proofs.put(batch.slot, batch.proofs, State.REFUSED)
            self._findings.add(
                Finding(
                    Kind.PROOF_REFUSED,
                    proof.meter,
                    batch.slot,
                    reason,
                    f"account {proof.account.hex()} stays unproved in this slot; correct its membership on chain",
                )
            )
            return True
        middle = len(batch.proofs) // 2
        halves = (batch.proofs[:middle], batch.proofs[middle:])
        done = [await self._submit(batch._replace(proofs=half)) for half in halves]
        return all(done)

    async def _too_late(self, batch: SubmitProofs) -> None:
        await self.note_what_is_in(batch.slot)
        noted = self._proofs.of_slot(batch.slot)
        late = [proof for proof in batch.proofs if noted[proof.account].state is State.SIGNED]
        self._proofs.put(batch.slot, late, State.LATE)
        for proof in late:
            self._findings.add(
                Finding(
                    Kind.PROOF_TOO_LATE,
                    proof.meter,
                    batch.slot,
                    f"{proof.flow_wh} Wh came after the slot was settled",
                    "the slot settles without it; see what delayed the reading, or lengthen proof_deadline_slots",
                )
            )

    def _conflict(self, slot: int, ours: FlowProof, theirs: FlowProof) -> None:
        self._proofs.put(slot, [ours], State.CONFLICT)
        self._findings.add(
            Finding(
                Kind.PROOF_CONFLICT,
                ours.meter,
                slot,
                f"account {ours.account.hex()}: proved with {theirs.flow_wh} Wh, signature {theirs.signature.hex()};"
                f" ours is {ours.flow_wh} Wh, signature {ours.signature.hex()}",
                "two values bear the proof key's signature: somebody else signs with it. Replace the key (SetProofKey)"
                " and find out who; the first value stands, the evidence is on chain (ListEquivocations)",
            )
        )
