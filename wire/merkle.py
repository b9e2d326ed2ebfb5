"""CometBFT's simple Merkle trees, maps and proofs (its ``crypto/merkle``; RFC 6962 with SHA-256)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from wire.codec import encode_varint
from wire.fields import many, one, raw, text, uint

EMPTY_ROOT = hashlib.sha256(b"").digest()

# Operators of a nested proof. The first is CometBFT's own; the others show that there is nothing.
VALUE_OPERATOR = "simple:v"
ABSENT_OPERATOR = "vdg:absent"
ABSENT_STORE_OPERATOR = "vdg:absent-store"

# No tree that a header can stand for is higher.
_MAX_AUNTS = 64


class ProofError(ValueError):
    """A Merkle proof that can't be one of any tree."""


class Proof(NamedTuple):
    """The path from one leaf of a tree to its root; ``aunts`` from the leaf's sibling upwards."""

    total: Annotated[int, uint(1)] = 0
    # ``index`` in CometBFT's message; a tuple has a method of that name.
    position: Annotated[int, uint(2)] = 0
    leaf_hash: Annotated[bytes, raw(3)] = b""
    aunts: Annotated[tuple[bytes, ...], many(raw(4))] = ()


class ValueOp(NamedTuple):
    """That a key has a value in a map: the data of a ``simple:v`` operator."""

    key: Annotated[bytes, raw(1)] = b""
    proof: Annotated[Proof | None, one(2, Proof)] = None


class ProofOp(NamedTuple):
    """One step of a nested proof, which takes the value below and gives the root above."""

    type: Annotated[str, text(1)] = ""
    key: Annotated[bytes, raw(2)] = b""
    data: Annotated[bytes, raw(3)] = b""


class ListedItem(NamedTuple):
    """An item of a bucket, with SHA-256 of its value."""

    key: Annotated[bytes, raw(1)] = b""
    value_sha256: Annotated[bytes, raw(2)] = b""


class BucketListing(NamedTuple):
    """All items of a bucket in order of key: the data of a ``vdg:absent`` operator."""

    items: Annotated[tuple[ListedItem, ...], many(one(1, ListedItem))] = ()


class ListedStore(NamedTuple):
    """A store that has items, and its root."""

    name: Annotated[bytes, raw(1)] = b""
    root: Annotated[bytes, raw(2)] = b""


class StoreListing(NamedTuple):
    """All stores in order of name: the data of a ``vdg:absent-store`` operator."""

    stores: Annotated[tuple[ListedStore, ...], many(one(1, ListedStore))] = ()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """The node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def entry_hash(key: bytes, value: bytes) -> bytes:
    """The leaf of a map's entry: key and SHA-256 of the value, each with its length."""
    return digest_entry_hash(key, hashlib.sha256(value).digest())


def digest_entry_hash(key: bytes, value_sha256: bytes) -> bytes:
    """The leaf of a map's entry whose value's SHA-256 is known."""
    return hashlib.sha256(b"\x00" + encode_varint(len(key)) + key + b"\x20" + value_sha256).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; the left part is the largest power of two smaller than the whole."""
    count = len(leaves)
    if count == 0:
        return EMPTY_ROOT
    if count == 1:
        return leaves[0]
    split = _split(count)
    return inner_hash(root_of(leaves[:split]), root_of(leaves[split:]))


def map_root(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The root of a map given as (key, value) in ascending order of key."""
    return root_of([entry_hash(key, value) for key, value in entries])


def proof_of(leaves: Sequence[bytes], index: int) -> Proof:
    """The path of one leaf of a tree given by its leaf hashes."""
    aunts: list[bytes] = []
    position, part = index, leaves
    while len(part) > 1:
        split = _split(len(part))
        if position < split:
            aunts.append(root_of(part[split:]))
            part = part[:split]
        else:
            aunts.append(root_of(part[:split]))
            part, position = part[split:], position - split
    return Proof(len(leaves), index, leaves[index], tuple(reversed(aunts)))


def root_by(proof: Proof) -> bytes:
    """The root that a proof leads to. Raises: ProofError when total, position and aunts don't fit together."""
    if not 0 <= proof.position < proof.total or len(proof.aunts) > _MAX_AUNTS:
        raise ProofError(f"position = {proof.position}, total = {proof.total}, {len(proof.aunts)} aunts: no such path")
    if any(len(node) != 32 for node in (proof.leaf_hash, *proof.aunts)):
        raise ProofError("leaf_hash, aunts: every hash has 32 bytes")
    # Which side each aunt stands on, from the root down.
    on_left: list[bool] = []
    position, count = proof.position, proof.total
    while count > 1:
        split = _split(count)
        on_left.append(position >= split)
        position, count = (position - split, count - split) if position >= split else (position, split)
    if len(on_left) != len(proof.aunts):
        raise ProofError(f"aunts: {len(proof.aunts)} of them, where the path has {len(on_left)}")
    node = proof.leaf_hash
    for aunt, left in zip(proof.aunts, reversed(on_left), strict=True):
        node = inner_hash(aunt, node) if left else inner_hash(node, aunt)
    return node


def _split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    return 1 << (count - 1).bit_length() - 1
