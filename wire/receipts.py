"""Receipts: proof files about one thing, which hold all that it takes to judge it without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from wire import state_keys as at
from wire.codec import CodecError, decode
from wire.flowproof import FlowProof, FlowStatement, flow_sign_bytes
from wire.grid import ProofKey
from wire.key_names import KeyNames, names_of
from wire.proof_file import FiledItem, ProofFile
from wire.state_keys import Place
from wire.unverified import Reason, Unverified

ITEM: Final = "item"
FLOW_PROOF: Final = "flow-proof"

# What a receipt of each kind holds, the item that it is about first.
RECEIPTS: Final[Mapping[str, tuple[Place[Any], ...]]] = MappingProxyType(
    {
        FLOW_PROOF: (at.PROOFS, at.PROOF_KEYS),
        "clearing": (at.BOOKS,),
        "certificate": (at.CERTIFICATES,),
        "settlement": (at.HOUSEHOLDS,),
    }
)


class Read(NamedTuple):
    """A filed item, what its key names, and its value as a message (None: there is none)."""

    item: FiledItem
    names: KeyNames | None
    value: Any


def read_items(file: ProofFile) -> tuple[Read, ...]:
    """The items of a file as messages. Raises: Unverified MALFORMED."""
    return tuple(_read(item) for item in file.items)


def check_receipt(file: ProofFile) -> tuple[Read, ...]:
    """See that a file holds what its kind says, and that a flow proof is signed by a proof key of its grid.

    The items are proved by `wire.proof_file.check_proof_file`, not here.

    Raises: Unverified MALFORMED, WRONG_KEY, BAD_SIGNATURE.
    """
    found = read_items(file)
    if file.kind == ITEM:
        return found
    expected = RECEIPTS.get(file.kind)
    if expected is None:
        raise Unverified(Reason.MALFORMED, f"kind = {file.kind!r}: this reads {ITEM}, {', '.join(RECEIPTS)}")
    places = tuple(read.names.place if read.names else None for read in found)
    if places != expected or any(read.value is None for read in found):
        text = f"a receipt of kind {file.kind} holds {' and '.join(place.type.__name__ for place in expected)}"
        raise Unverified(Reason.MALFORMED, text)
    if file.kind == FLOW_PROOF:
        _check_flow_proof(file.chain_id, *found)
    return found


def signed_by(proof_key: bytes, statement: FlowStatement, signature: bytes) -> bool:
    """Whether a key signed a statement of flow."""
    try:
        VerifyKey(proof_key).verify(flow_sign_bytes(statement), signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def _check_flow_proof(chain_id: str, proved: Read, of_key: Read) -> None:
    proof, key = proved.value, of_key.value
    names = proved.names.names if proved.names else {}
    if not (isinstance(proof, FlowProof) and isinstance(key, ProofKey)):
        raise Unverified(Reason.MALFORMED, "a receipt of a flow holds a flow proof and a proof key of its grid")
    if (names["vdg"], names["account"]) != (key.vdg, proof.account):
        raise Unverified(Reason.WRONG_KEY, "the flow proof is of another grid or account than its key says")
    statement = FlowStatement(chain_id, key.vdg, names["slot"], proof.account, proof.flow_wh, proof.meter)
    if not signed_by(key.proof_key, statement, proof.signature):
        text = f"the flow of slot {names['slot']} is not signed by {key.proof_key.hex()}, a proof key of {key.vdg}"
        raise Unverified(Reason.BAD_SIGNATURE, text)


def _read(item: FiledItem) -> Read:
    names = names_of(item.store, item.key)
    if names is None or item.value is None:
        return Read(item, names, None)
    try:
        return Read(item, names, decode(names.place.type, item.value))
    except CodecError as error:
        raise Unverified(Reason.MALFORMED, f"the value is no {names.place.type.__name__}: {error}") from error
