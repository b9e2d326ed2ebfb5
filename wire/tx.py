"""Transactions: a body, and the sender's Ed25519 signature over it and the chain's name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from wire import accounts, asset, control, flowproof, governance, grid, ledger, market, settlement
from wire.codec import encode
from wire.fields import one_of, raw, text, uint

TX_DOMAIN = b"vdg/tx/v1"
MAX_TX_BYTES = 256 * 1024

# Numbers in the oneof: a decade a module; never reused.
MESSAGES: dict[int, type[Any]] = {
    20: accounts.AdmitAccount,
    21: accounts.SetRoles,
    22: accounts.RotateKey,
    23: accounts.SetFrozen,
    30: ledger.Mint,
    31: ledger.Burn,
    32: ledger.Transfer,
    33: ledger.PayDebt,
    40: grid.CreateGrid,
    41: grid.AddMember,
    42: grid.SetTariff,
    43: grid.SetRebates,
    44: grid.SetCaps,
    45: grid.SetProofKey,
    46: grid.SetSupplier,
    50: asset.RegisterAsset,
    51: asset.RemoveAsset,
    52: asset.DeclareAvailability,
    60: market.PlaceOrder,
    61: market.CancelOrder,
    70: flowproof.SubmitProofs,
    80: settlement.DeclareFlow,
    81: settlement.FundRewards,
    82: settlement.TransferCertificate,
    83: settlement.RetireCertificate,
    90: governance.Propose,
    91: governance.Approve,
    92: governance.Withdraw,
    100: control.RegisterSwitch,
    101: control.RemoveSwitch,
    102: control.SetSwitchingLimits,
    103: control.PostPhaseOrder,
    104: control.ConfirmPhase,
    105: control.OpenControl,
    106: control.PostSignal,
    107: control.CloseControl,
}


class TxBody(NamedTuple):
    """What is signed. ``expires_s`` is in Unix seconds of block time; ``nonce`` counts from 1, gaps allowed."""

    chain_id: Annotated[str, text(1)] = ""
    sender: Annotated[bytes, raw(2)] = b""
    nonce: Annotated[int, uint(3)] = 0
    expires_s: Annotated[int, uint(4)] = 0
    message: Annotated[Any, one_of(MESSAGES)] = None


class Tx(NamedTuple):
    """The envelope: the body's bytes as signed, and the signature."""

    body: Annotated[bytes, raw(1)] = b""
    signature: Annotated[bytes, raw(2)] = b""


def tx_sign_bytes(chain_id: str, body: bytes) -> bytes:
    """What the sender signs: domain tag, the chain id with its length, and the body's bytes as sent."""
    chain = chain_id.encode()
    return TX_DOMAIN + bytes((len(chain),)) + chain + body


def tx_hash(tx: bytes) -> bytes:
    """CometBFT's name for a transaction: SHA-256 of its bytes."""
    return hashlib.sha256(tx).digest()


def assemble(body: TxBody, sign: Callable[[bytes], bytes]) -> bytes:
    """Encode a body and sign it; ``sign`` maps the sign bytes to 64 bytes of signature."""
    data = encode(body)
    return encode(Tx(data, sign(tx_sign_bytes(body.chain_id, data))))
