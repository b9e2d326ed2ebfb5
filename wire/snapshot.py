"""Snapshots of the state for state sync, format 1: what is in the metadata and in the chunks."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wire.fields import many, one, raw, uint


class SnapshotStore(NamedTuple):
    """A store of the state: the roots of its 256 aligned subtrees of 1,024 buckets, 32 bytes each.

    ``chunk_ends`` has for each of its chunks the number of the first subtree that is not in it any more.
    """

    name: Annotated[bytes, raw(1)] = b""
    subtree_roots: Annotated[bytes, raw(2)] = b""
    chunk_ends: Annotated[tuple[int, ...], many(uint(3))] = ()


class SnapshotMetadata(NamedTuple):
    """What a snapshot consists of: stores that have items, in order of name; ``time_s`` is its block's."""

    time_s: Annotated[int, uint(1)] = 0
    stores: Annotated[tuple[SnapshotStore, ...], many(one(2, SnapshotStore))] = ()


class SnapshotItem(NamedTuple):
    """An item of the state: its key within its store, and its encoded value."""

    key: Annotated[bytes, raw(1)] = b""
    value: Annotated[bytes, raw(2)] = b""


class SnapshotChunk(NamedTuple):
    """Some subtrees of a store: their items by number of bucket, then by key."""

    items: Annotated[tuple[SnapshotItem, ...], many(one(1, SnapshotItem))] = ()
