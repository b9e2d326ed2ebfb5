"""Statements in, signatures or refusals out: policy, then the record, then the key."""

from __future__ import annotations

from collections.abc import Sequence

from nacl.signing import SigningKey

from clients.dso.signer.policy import Policy, Reason, Refusal
from clients.dso.signer.record import Record, Signed
from wire.flowproof import FlowStatement, flow_sign_bytes


class Signing:
    """The key, and the two things that stand before it."""

    def __init__(self, key: SigningKey, policy: Policy, record: Record) -> None:
        self._key = key
        self._policy = policy
        self._record = record

    @property
    def public_key(self) -> bytes:
        """Ed25519, 32 bytes: what the chain has to know as the VDG's proof key."""
        return bytes(self._key.verify_key)

    def sign(self, statements: Sequence[FlowStatement], now_s: float) -> list[bytes | Refusal]:
        """Sign what may be signed; each statement gets its 64 bytes or a refusal, in order. Blocks on the disk.

        Raises: RecordError when the record can't be written; then nothing is signed.
        """
        outcomes: list[bytes | Refusal | None] = list(self._policy.refusals(statements, now_s))
        lawful = [index for index, refusal in enumerate(outcomes) if refusal is None]
        standing = self._record.claim([statements[index] for index in lawful])
        # From here on the record is on disk.
        for index, signed in zip(lawful, standing, strict=True):
            outcomes[index] = self._sign_or_refuse(statements[index], signed)
        return [outcome for outcome in outcomes if outcome is not None]

    def _sign_or_refuse(self, statement: FlowStatement, signed: Signed) -> bytes | Refusal:
        if signed == (statement.flow_wh, statement.meter):
            return self._key.sign(flow_sign_bytes(statement)).signature
        field = "flow_wh" if signed.flow_wh != statement.flow_wh else "meter"
        return Refusal(
            Reason.CONFLICT,
            field,
            str(getattr(statement, field)),
            f"{getattr(signed, field)} was signed for slot {statement.slot} of account {statement.account.hex()}"
            " and stays: submit that one, and look for the cause of the second value",
            statement._replace(flow_wh=signed.flow_wh, meter=signed.meter),
        )
