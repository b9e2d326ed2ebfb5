"""A bucket of a store: its items' keys with their leaf hashes, packed into one byte string in order of key.

A store of a million items has a quarter of a million buckets; Python objects for each item would take five times the
memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from wire.codec import decode_varint, encode_varint
from wire.merkle import EMPTY_ROOT, root_of

Entries = dict[bytes, bytes]


def unpack(bucket: bytes) -> Entries:
    """Leaf hashes by key, in ascending order of key."""
    entries: Entries = {}
    position = 0
    while position < len(bucket):
        size, start = decode_varint(bucket, position)
        position = start + size + 32
        entries[bucket[start : start + size]] = bucket[start + size : position]
    return entries


def changed(bucket: bytes, changes: Sequence[tuple[bytes, bytes | None]]) -> tuple[bytes, bytes]:
    """A bucket after leaves were set or, with None, removed; and the root of its map."""
    if not bucket and len(changes) == 1:
        # A large part of the buckets of a small state has no other item.
        key, leaf = changes[0]
        return (b"", EMPTY_ROOT) if leaf is None else (encode_varint(len(key)) + key + leaf, leaf)
    entries = unpack(bucket)
    for key, leaf in changes:
        if leaf is None:
            entries.pop(key, None)
        else:
            entries[key] = leaf
    keys = sorted(entries)
    packed = b"".join([encode_varint(len(key)) + key + entries[key] for key in keys])
    return packed, root_of([entries[key] for key in keys])
