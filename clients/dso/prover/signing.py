"""Getting a slot's flows signed."""

from __future__ import annotations

from collections.abc import Sequence

from clients.dso.findings import Finding, Findings, Kind
from clients.dso.prover.proofs import Proofs, State
from clients.dso.prover.signatures import Signer, SigningRefusal
from wire.flowproof import FlowProof, FlowStatement

STATEMENTS_PER_CALL = 500


class Signing:
    """Has statements signed and notes the proofs. Asking again is harmless: the signer gives the same signature."""

    def __init__(self, signer: Signer, proofs: Proofs, findings: Findings) -> None:
        self._signer = signer
        self._proofs = proofs
        self._findings = findings

    async def sign(self, statements: Sequence[FlowStatement], proof_key: bytes) -> bool:
        """Have statements of one slot signed; returns whether none has to be asked for again.

        Raises: SignerUnavailableError, SignerRefusedError.
        """
        final = True
        for start in range(0, len(statements), STATEMENTS_PER_CALL):
            part = statements[start : start + STATEMENTS_PER_CALL]
            outcomes = await self._signer.sign(part, proof_key)
            signed = [
                _proof(statement, outcome)
                for statement, outcome in zip(part, outcomes, strict=True)
                if isinstance(outcome, bytes)
            ]
            self._proofs.put(part[0].slot, signed, State.SIGNED)
            for statement, outcome in zip(part, outcomes, strict=True):
                if isinstance(outcome, SigningRefusal):
                    final = await self._refused(statement, outcome, proof_key) and final
        return final

    async def _refused(self, statement: FlowStatement, refusal: SigningRefusal, proof_key: bytes) -> bool:
        if refusal.retry:
            return False
        kind = Kind.SIGNING_REFUSED if refusal.signed is None else Kind.SIGNING_CONFLICT
        self._findings.add(
            Finding(kind, statement.meter, statement.slot, f"{statement.flow_wh} Wh is not signed", refusal.text)
        )
        if refusal.signed is None:
            self._proofs.put(statement.slot, [_proof(statement, b"")], State.REFUSED)
            return True
        # The value that was signed first is the one that stands: it goes on chain, ours does not.
        (signature,) = await self._signer.sign([refusal.signed], proof_key)
        if isinstance(signature, SigningRefusal):
            self._proofs.put(statement.slot, [_proof(statement, b"")], State.REFUSED)
        else:
            self._proofs.put(statement.slot, [_proof(refusal.signed, signature)], State.SIGNED)
        return True


def _proof(statement: FlowStatement, signature: bytes) -> FlowProof:
    return FlowProof(statement.account, statement.flow_wh, statement.meter, signature)
