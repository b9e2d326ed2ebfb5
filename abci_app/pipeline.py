"""The way of one transaction; CheckTx, PrepareProposal, ProcessProposal and FinalizeBlock all take it.

decode → stateless checks → auth → handler on an overlay → merge or drop. ``admit`` is the part before the handler.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from abci_app.auth import NotAllowed, Quotas, authorise, require_sender, use_up
from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.events import EncodedEvent, encode_event
from abci_app.core.refusal import Refusal
from abci_app.core.signature import verified
from abci_app.modules.module import Action
from abci_app.registry import Registry
from abci_app.state.overlay import Overlay
from wire.address import ADDRESS_BYTES
from wire.codec import CodecError, decode
from wire.results import Code
from wire.tx import MAX_TX_BYTES, Tx, TxBody, tx_sign_bytes

# How many bytes of transactions are remembered between CheckTx and FinalizeBlock. Decoded, they take a few times
# as much; a transaction that is forgotten is only verified again.
_REMEMBERED_BYTES = 4 << 20


class TxResult(NamedTuple):
    """What became of a transaction."""

    code: Code
    message: str = ""
    events: tuple[EncodedEvent, ...] = ()


class _Known:
    """A decoded transaction, and the key that its signature was verified with, once."""

    __slots__ = ("action", "body", "sign_bytes", "signature", "verified_with")

    def __init__(self, body: TxBody, action: Action, signature: bytes, sign_bytes: bytes) -> None:
        self.body = body
        self.action = action
        self.signature = signature
        self.sign_bytes = sign_bytes
        self.verified_with = b""


class Pipeline:
    """Takes transactions of one chain."""

    def __init__(self, registry: Registry, chain_id: str) -> None:
        self._registry = registry
        self._chain_id = chain_id
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._known_bytes = 0

    def admit(self, state: Overlay, tx: bytes, time_s: int, quotas: Quotas) -> None:
        """Decode, check and authorise a transaction; uses its nonce in ``state``. Raises: Refusal."""
        self._admit(state, tx, time_s, quotas)

    def _admit(self, state: Overlay, tx: bytes, time_s: int, quotas: Quotas) -> _Known:
        known = self._known.get(tx) or self._decode(tx)
        account = require_sender(state, known.body)
        if known.verified_with != account.public_key:
            if not verified(account.public_key, known.signature, known.sign_bytes):
                raise Refusal(
                    Code.BAD_SIGNATURE,
                    f"signature: not by the key {account.public_key.hex()} of {account.address.hex()} over this body "
                    "and chain id; sign with the account's key",
                )
            known.verified_with = account.public_key
            self._remember(tx, known)
        authorise(state, known.body, account, known.action.roles, time_s, quotas)
        return known

    def execute(
        self, block: Overlay, tx: bytes, time_s: int, quotas: Quotas, context: Callable[[Overlay, TxBody], Context]
    ) -> TxResult:
        """Run a transaction in a block: one result, always. A refused one leaves nothing but its used nonce."""
        try:
            known = self._admit(block, tx, time_s, quotas)
        except NotAllowed as refusal:
            use_up(block, refusal)
            return TxResult(refusal.code, refusal.message)
        except Refusal as refusal:
            return TxResult(refusal.code, refusal.message)
        overlay = Overlay(block)
        running = context(overlay, known.body)
        try:
            known.action.handle(running, known.body.message)
        except Refusal as refusal:
            return self._refused(block, refusal, known.body, context)
        overlay.merge_into(block)
        return TxResult(Code.OK, "", tuple(encode_event(event) for event in running.events))

    @staticmethod
    def _refused(
        block: Overlay, refusal: Refusal, body: TxBody, context: Callable[[Overlay, TxBody], Context]
    ) -> TxResult:
        if refusal.record is None:
            return TxResult(refusal.code, refusal.message)
        overlay = Overlay(block)
        running = context(overlay, body)
        refusal.record(running)
        overlay.merge_into(block)
        return TxResult(refusal.code, refusal.message, tuple(encode_event(event) for event in running.events))

    def _decode(self, tx: bytes) -> _Known:
        """Everything that needs no state.

        Raises: Refusal TX_TOO_LARGE, TX_MALFORMED, WRONG_CHAIN, MODULE_DISABLED, INVALID_FIELD.
        """
        if len(tx) > MAX_TX_BYTES:
            raise Refusal(
                Code.TX_TOO_LARGE, f"the transaction has {len(tx)} bytes: send at most {MAX_TX_BYTES}; split it"
            )
        try:
            envelope = decode(Tx, tx)
            body = decode(TxBody, envelope.body)
        except CodecError as error:
            raise Refusal(
                Code.TX_MALFORMED, f"not a canonical transaction: {error}; build it with the client library"
            ) from None
        if body.chain_id != self._chain_id:
            raise Refusal(
                Code.WRONG_CHAIN,
                f"chain_id = {check.shown(body.chain_id)}: this chain is {self._chain_id!r}; sign for it",
            )
        action = self._registry.actions.get(type(body.message))
        if action is None:
            raise Refusal(
                Code.MODULE_DISABLED, f"{type(body.message).__name__}: its module is not switched on in this chain"
            )
        if len(envelope.signature) != 64 or len(body.sender) != ADDRESS_BYTES:
            field, size = ("signature", 64) if len(envelope.signature) != 64 else ("sender", ADDRESS_BYTES)
            raise Refusal(Code.INVALID_FIELD, f"{field}: give {size} bytes")
        action.check(body.message)
        return _Known(body, action, envelope.signature, tx_sign_bytes(body.chain_id, envelope.body))

    def _remember(self, tx: bytes, known: _Known) -> None:
        """Keep a transaction whose signature is good; a stranger's would let anybody fill the memory."""
        if tx not in self._known:
            self._known_bytes += len(tx)
        self._known[tx] = known
        while self._known_bytes > _REMEMBERED_BYTES:
            self._known_bytes -= len(self._known.popitem(last=False)[0])

    def forget(self, txs: list[bytes]) -> None:
        """Drop what is remembered of transactions that are in a block now."""
        for tx in txs:
            if self._known.pop(tx, None) is not None:
                self._known_bytes -= len(tx)
