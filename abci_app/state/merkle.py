"""CometBFT's simple Merkle trees and maps (its ``crypto/merkle``; RFC 6962 with SHA-256)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from wire.codec import encode_varint

EMPTY_ROOT = hashlib.sha256(b"").digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """The node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def entry_hash(key: bytes, value: bytes) -> bytes:
    """The leaf of a map's entry: key and SHA-256 of the value, each with its length."""
    digest = hashlib.sha256(value).digest()
    return hashlib.sha256(b"\x00" + encode_varint(len(key)) + key + b"\x20" + digest).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; the left part is the largest power of two smaller than the whole."""
    count = len(leaves)
    if count == 0:
        return EMPTY_ROOT
    if count == 1:
        return leaves[0]
    split = 1 << (count - 1).bit_length() - 1
    return inner_hash(root_of(leaves[:split]), root_of(leaves[split:]))


def map_root(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The root of a map given as (key, value) in ascending order of key."""
    return root_of([entry_hash(key, value) for key, value in entries])
