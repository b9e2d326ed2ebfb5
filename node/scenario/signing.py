"""From plans to the bytes of transactions, spoilt ones included."""

from __future__ import annotations

from typing import Any, NamedTuple

from node.messages.schema import QUERIES
from node.scenario.chain import Chain
from node.scenario.keyring import Keyring
from node.scenario.plan import Again, FlowProofs, Mutation, NewKey, Plan, RawBytes, TxPlan
from node.scenario.possession import with_possession
from wire.accounts import GetAccountRequest, GetAccountResponse, RotateKey, rotation_bytes
from wire.codec import encode, encode_varint
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs, flow_sign_bytes
from wire.governance import Propose
from wire.grid import GetGridRequest
from wire.tx import MAX_TX_BYTES, Tx, TxBody, tx_sign_bytes

# Long enough for the block, and well inside the genesis' bound.
_EXPIRES_IN_S = 600
# A field of the envelope that there is none of, as a number.
_UNKNOWN_FIELD = encode_varint(15 << 3) + b"\x01"


class Signed(NamedTuple):
    """A transaction's bytes and what is in them; ``message`` is None for raw bytes."""

    data: bytes
    message: Any
    nonce: int
    expires_s: int


class Signer:
    """Signs for every account of a scenario and counts its nonces."""

    def __init__(self, plan: Plan, chain: Chain) -> None:
        self._plan = plan
        self._names: Keyring = plan.names
        self._chain = chain
        # In the block that is being made; before it, the chain knows.
        self._highest: dict[str, int] = {}
        self._last: dict[str, Signed] = {}

    def begin_block(self) -> None:
        """Count nonces on from those that the chain has seen."""
        self._highest.clear()

    def sign(self, tx: TxPlan, time_s: int) -> Signed:
        """The bytes of a planned transaction for a block of this time.

        Raises: ValueError when the plan can't be followed, with the way out.
        """
        if isinstance(tx.content, RawBytes):
            return Signed(tx.content.data, None, 0, 0)
        if isinstance(tx.content, Again):
            if tx.sender not in self._last:
                raise ValueError(f"{tx.sender} has sent nothing yet that could be sent again")
            return self._last[tx.sender]
        signed = self._assemble(tx, time_s)
        self._last[tx.sender] = signed
        return signed

    def _assemble(self, tx: TxPlan, time_s: int) -> Signed:
        known = self._account(tx)
        highest = self._highest.get(tx.sender, known.nonces.highest if known.nonces else 0)
        nonce = highest + 1 if tx.nonce is None else tx.nonce
        self._highest[tx.sender] = max(nonce, highest)
        expires_s = self._expires_s(tx, time_s)
        message = self._message(tx)
        sender = self._names.address(tx.sender) or b""
        chain_id = self._plan.chain_id + ("-other" if tx.mutation is Mutation.WRONG_CHAIN else "")
        body = encode(TxBody(chain_id, sender, nonce, expires_s, message))
        signature = self._names.signing_key(self._key_name(tx, known)).sign(tx_sign_bytes(chain_id, body)).signature
        if tx.mutation is Mutation.WRONG_SIGNATURE:
            signature = bytes((signature[0] ^ 1,)) + signature[1:]
        data = encode(Tx(body, signature))
        if tx.mutation is Mutation.TRUNCATE:
            data = data[:-1]
        elif tx.mutation is Mutation.UNKNOWN_FIELD:
            data += _UNKNOWN_FIELD
        elif tx.mutation is Mutation.OVERSIZE:
            data += bytes(MAX_TX_BYTES)
        return Signed(data, message, nonce, expires_s)

    def _expires_s(self, tx: TxPlan, time_s: int) -> int:
        if tx.mutation is Mutation.EXPIRED:
            return time_s - 1
        if tx.expires_s is None:
            return time_s + min(_EXPIRES_IN_S, self._plan.max_expiry_s)
        return tx.expires_s

    def _account(self, tx: TxPlan) -> GetAccountResponse:
        request = GetAccountRequest(self._names.address(tx.sender) or b"")
        known: GetAccountResponse = self._chain.ask(QUERIES["get_account"], request)
        return known

    def _key_name(self, tx: TxPlan, known: GetAccountResponse) -> str:
        """The key to sign with: the one named, else the one that the chain has for the account."""
        if tx.sign_with is not None:
            return tx.sign_with
        return (self._names.name_of_key(known.account.public_key) if known.account else None) or tx.sender

    def _message(self, tx: TxPlan) -> Any:
        if isinstance(tx.content, FlowProofs):
            return self._flow_proofs(tx.content, tx.sender)
        if isinstance(tx.content, NewKey):
            public_key = self._names.public_key(tx.content.name) or b""
            signed = rotation_bytes(self._plan.chain_id, self._names.address(tx.sender) or b"", public_key)
            return RotateKey(public_key, self._names.signing_key(tx.content.name).sign(signed).signature)
        if isinstance(tx.content, Propose):
            return with_possession(tx.content, self._names, self._chain)
        return tx.content

    def _flow_proofs(self, proofs: FlowProofs, sender: str) -> SubmitProofs:
        """The proofs signed by the VDG's proof key, or by the sender's where no key of the VDG is known."""
        grid = self._chain.ask(QUERIES["get_grid"], GetGridRequest(proofs.vdg)).grid
        known = self._names.name_of_key(grid.proof_key) if grid else None
        key = self._names.signing_key(proofs.signed_by or known or sender)
        batch: list[FlowProof] = []
        for name, flow_wh in proofs.flows_wh.items():
            account, meter = self._names.address(name) or b"", proofs.meters[name]
            statement = FlowStatement(self._plan.chain_id, proofs.vdg, proofs.slot, account, flow_wh, meter)
            batch.append(FlowProof(account, flow_wh, meter, key.sign(flow_sign_bytes(statement)).signature))
        return SubmitProofs(proofs.vdg, proofs.slot, tuple(batch))
