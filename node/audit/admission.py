"""From a transaction's bytes to a sender who may send it: envelope, signature, expiry, nonce, role, quota."""

from __future__ import annotations

from collections import Counter
from typing import Any

from node.audit.accounts import signed_by
from node.audit.books import Books
from node.audit.case import Case, Kept, require
from node.audit.fields import valid
from node.audit.rules import RULES
from wire.accounts import Account, NonceWindow
from wire.address import ADDRESS_BYTES
from wire.chain import ChainParameters
from wire.codec import CodecError, decode
from wire.flowproof import SIGNATURE_BYTES
from wire.results import Code
from wire.tx import MAX_TX_BYTES, Tx, TxBody, tx_sign_bytes

_WINDOW, _JUMP = 128, 2**20
_ANYBODYS_QUOTA = 16
_FRESH = NonceWindow()


class Sender:
    """Who has sent how many transactions in a block."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._sent: Counter[bytes] = Counter()

    def admit(self, case: Case, tx: bytes) -> Any:
        """The message, if it may be executed; its nonce is used then. Raises: Denied, Kept where the nonce is used."""
        envelope, body = read(tx)
        parameters = self._books.parameters.get(None) or ChainParameters()
        require(body.chain_id == case.chain_id, Code.WRONG_CHAIN)
        rule = RULES[type(body.message)]
        require(rule.module in parameters.modules, Code.MODULE_DISABLED)
        sized = len(envelope.signature) == SIGNATURE_BYTES and len(body.sender) == ADDRESS_BYTES
        require(sized and valid(body.message), Code.INVALID_FIELD)
        account = self._books.accounts.get(body.sender)
        require(account is not None, Code.UNKNOWN_SENDER)
        sender = account or Account()
        signed = tx_sign_bytes(body.chain_id, envelope.body)
        require(signed_by(sender.public_key, envelope.signature, signed), Code.BAD_SIGNATURE)
        require(body.expires_s >= case.time_s, Code.EXPIRED)
        require(body.expires_s <= case.time_s + parameters.max_expiry_s, Code.EXPIRY_TOO_FAR)
        window = used(self._books.nonces.get(body.sender) or _FRESH, body.nonce)
        self._books.nonces.put(body.sender, window)
        self._require_allowed(sender, rule.roles, parameters)
        self._sent[sender.address] += 1
        case.sender, case.nonce = body.sender, body.nonce
        return body.message

    def _require_allowed(self, sender: Account, roles: tuple[Any, ...], parameters: ChainParameters) -> None:
        """Raises: Kept, since the nonce stays used."""
        if sender.frozen:
            raise Kept(Code.SENDER_FROZEN)
        if roles and not set(roles) & set(sender.roles):
            raise Kept(Code.WRONG_ROLE)
        quotas = [quota.transactions for quota in parameters.quotas if quota.role in sender.roles]
        if self._sent[sender.address] >= max(quotas, default=_ANYBODYS_QUOTA):
            raise Kept(Code.QUOTA_EXCEEDED)


def read(tx: bytes) -> tuple[Tx, TxBody]:
    """Envelope and body. Raises: Denied TX_TOO_LARGE, TX_MALFORMED."""
    require(len(tx) <= MAX_TX_BYTES, Code.TX_TOO_LARGE)
    try:
        envelope = decode(Tx, tx)
        return envelope, decode(TxBody, envelope.body)
    except CodecError:
        require(False, Code.TX_MALFORMED)
        raise


def used(window: NonceWindow, nonce: int) -> NonceWindow:
    """The window with one more nonce in it; the bits of used ones count down from the highest.

    Raises: Denied NONCE_TOO_HIGH, NONCE_TOO_OLD, NONCE_USED.
    """
    seen = {window.highest - back for back in range(_WINDOW) if (window.used_high << 64 | window.used_low) >> back & 1}
    require(nonce <= window.highest + _JUMP, Code.NONCE_TOO_HIGH)
    require(nonce > max(window.highest - _WINDOW, 0), Code.NONCE_TOO_OLD)
    require(nonce not in seen, Code.NONCE_USED)
    highest = max(window.highest, nonce)
    bits = sum(1 << highest - one for one in {*seen, nonce} if highest - one < _WINDOW)
    return NonceWindow(highest, bits >> 64, bits & 2**64 - 1)
