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
from wire.grid import Grid, ProofKey
from wire.key_names import KeyNames, names_of
from wire.proof_file import FiledItem, ProofFile
from wire.state_keys import Place
from wire.unverified import Reason, Unverified

ITEM: Final = "item"
FLOW_PROOF: Final = "flow-proof"

# What a receipt of each kind holds: the item that it is about first, its grid, which says when slots are, last.
RECEIPTS: Final[Mapping[str, tuple[Place[Any], ...]]] = MappingProxyType(
    {
        FLOW_PROOF: (at.PROOFS, at.PROOF_KEYS, at.GRIDS),
        "clearing": (at.BOOKS, at.GRIDS),
        "certificate": (at.CERTIFICATES, at.GRIDS),
        "settlement": (at.HOUSEHOLDS, at.GRIDS),
    }
)


class Read(NamedTuple):
    """A filed item, what its key names, and its value as a message (None: there is none)."""

    item: FiledItem
    names: KeyNames | None
    value: Any


class SlotTime(NamedTuple):
    """The slot that a receipt is about, and when it is (seconds since 1970)."""

    vdg: str
    slot: int
    begins_s: int
    ends_s: int


def slot_time(receipt: tuple[Read, ...]) -> SlotTime:
    """When the slot of a receipt is, by the record of its grid. Raises: Unverified WRONG_KEY for another grid's."""
    about, grid = receipt[0], receipt[-1].value
    named = about.names.names if about.names else {}
    # A certificate's key does not name them.
    vdg, slot = (named[name] if name in named else getattr(about.value, name) for name in ("vdg", "slot"))
    if not isinstance(grid, Grid) or grid.vdg != vdg:
        raise Unverified(Reason.WRONG_KEY, f"the receipt is about {vdg}, and holds the record of another grid")
    begins_s = grid.epoch_s + slot * grid.slot_seconds
    return SlotTime(vdg, slot, begins_s, begins_s + grid.slot_seconds)


def read_items(file: ProofFile) -> tuple[Read, ...]:
    """The items of a file as messages. Raises: Unverified MALFORMED."""
    return tuple(_read(item) for item in file.items)


def check_receipt(file: ProofFile) -> tuple[Read, ...]:
    """See that a file holds what its kind says, of one grid, and that a flow proof is signed by a proof key of it.

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
        _check_flow_proof(file.chain_id, found[0], found[1])
    slot_time(found)
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
