"""Proof of flow: what the DSO measured and signed, verifiable without the chain (MODEL section 6)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wire.codec import encode
from wire.fields import flag, many, one, raw, sint, text, uint

FLOW_DOMAIN = b"vdg/flow-proof/v1"
SIGNATURE_BYTES = 64


class FlowStatement(NamedTuple):
    """What is signed: the net flow of a household in a slot (positive = taken from the grid)."""

    chain_id: Annotated[str, text(1)] = ""
    vdg: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    account: Annotated[bytes, raw(4)] = b""
    flow_wh: Annotated[int, sint(5)] = 0
    meter: Annotated[str, text(6)] = ""


def flow_sign_bytes(statement: FlowStatement) -> bytes:
    """The bytes that the DSO's proof key signs with Ed25519: a domain tag and the canonical statement."""
    return FLOW_DOMAIN + encode(statement)


class FlowProof(NamedTuple):
    """One household's proof inside a batch, whose chain, VDG and slot are the batch's."""

    account: Annotated[bytes, raw(1)] = b""
    flow_wh: Annotated[int, sint(2)] = 0
    meter: Annotated[str, text(3)] = ""
    signature: Annotated[bytes, raw(4)] = b""


class SlotProofs(NamedTuple):
    """How many proofs a slot has, and whether it is settled and takes no more."""

    proofs: Annotated[int, uint(1)] = 0
    closed: Annotated[bool, flag(2)] = False


class Equivocation(NamedTuple):
    """Evidence: two values that one key signed for one (VDG, slot, account)."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    first: Annotated[FlowProof | None, one(3, FlowProof)] = None
    second: Annotated[FlowProof | None, one(4, FlowProof)] = None
    proof_key: Annotated[bytes, raw(5)] = b""
    height: Annotated[int, uint(6)] = 0


class SubmitProofs(NamedTuple):
    """Anybody submits proofs of one slot. All are taken or none; one that is there already is a no-op."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    proofs: Annotated[tuple[FlowProof, ...], many(one(3, FlowProof))] = ()


class FlowProved(NamedTuple):
    """Event: a household's flow in a slot is proved."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    flow_wh: Annotated[int, sint(4)] = 0


class EquivocationRecorded(NamedTuple):
    """Event: the proof key signed two values; the evidence is kept."""

    evidence: Annotated[Equivocation | None, one(1, Equivocation)] = None


class GetProofRequest(NamedTuple):
    """Query: the proof of one household's slot."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""


class GetProofResponse(NamedTuple):
    """The proof, if it is there."""

    found: Annotated[bool, flag(1)] = False
    proof: Annotated[FlowProof | None, one(2, FlowProof)] = None


class ListProofsRequest(NamedTuple):
    """Query: a slot's proofs in order of account, paged."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    page_token: Annotated[bytes, raw(3)] = b""
    limit: Annotated[int, uint(4)] = 0


class ListProofsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    proofs: Annotated[tuple[FlowProof, ...], many(one(1, FlowProof))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class ListEquivocationsRequest(NamedTuple):
    """Query: the evidence against a VDG's proof keys in order of slot and account, paged."""

    vdg: Annotated[str, text(1)] = ""
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListEquivocationsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    equivocations: Annotated[tuple[Equivocation, ...], many(one(1, Equivocation))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""
