"""What a snapshot consists of, by its metadata: which chunk has which part of the state, and what it must hash to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from abci_app.state.nodes import DEPTH
from abci_app.state.tree import TreeView
from node.snapshots.refusal import Fault, SnapshotRefused
from wire.codec import CodecError, decode
from wire.merkle import map_root, root_of
from wire.snapshot import SnapshotMetadata, SnapshotStore

FORMAT: Final = 1
# A store's tree of 2**18 buckets is cut into 256 subtrees: the first byte of SHA-256(key) tells which a key is in.
SUBTREES: Final = 256
SUBTREE_LEVEL: Final = DEPTH - 8
BUCKETS_PER_SUBTREE: Final = 1 << SUBTREE_LEVEL
HASH_BYTES: Final = 32

# CometBFT carries 4 MB of metadata and 16 MB of chunk in a message (its statesync/messages.go), with a little around.
MAX_METADATA_BYTES: Final = 3_900_000
MAX_CHUNK_BYTES: Final = 15_000_000


class Part(NamedTuple):
    """What a chunk has: the subtrees ``first`` to ``end`` - 1 of a store, and their roots."""

    store: bytes
    first: int
    end: int
    roots: tuple[bytes, ...]


class Offer(NamedTuple):
    """A snapshot as a peer or a disk names it; nothing in it is believed before ``checked``."""

    height: int
    format: int
    chunks: int
    hash: bytes
    metadata: bytes


class Layout(NamedTuple):
    """A snapshot whose metadata lead to its app hash; part i is what chunk i has."""

    height: int
    app_hash: bytes
    time_s: int
    parts: tuple[Part, ...]


def subtree_roots(tree: TreeView, store: bytes) -> bytes:
    """The roots of a store's subtrees, one after the other."""
    return b"".join([tree.node(store, SUBTREE_LEVEL, index) for index in range(SUBTREES)])


def split_roots(roots: bytes) -> list[bytes]:
    """The single hashes."""
    return [roots[at : at + HASH_BYTES] for at in range(0, len(roots), HASH_BYTES)]


def checked(offer: Offer, app_hash: bytes) -> Layout:
    """The layout of an offered snapshot, if it is one of the state with this (trusted) app hash.

    Raises: SnapshotRefused.
    """
    if offer.format != FORMAT:
        raise SnapshotRefused(Fault.UNKNOWN_FORMAT, f"format = {offer.format}: this node restores format {FORMAT}")
    size = len(offer.metadata)
    if size > MAX_METADATA_BYTES:
        raise SnapshotRefused(Fault.METADATA_TOO_LARGE, f"metadata: {size} bytes, where {MAX_METADATA_BYTES} may be")
    if hashlib.sha256(offer.metadata).digest() != offer.hash:
        raise SnapshotRefused(Fault.HASH_MISMATCH, f"hash = {offer.hash.hex()}: not the SHA-256 of the metadata")
    try:
        metadata = decode(SnapshotMetadata, offer.metadata)
    except CodecError as error:
        raise SnapshotRefused(Fault.METADATA_MALFORMED, f"metadata: {error}") from error
    names = [store.name for store in metadata.stores]
    if names != sorted(set(names)):
        raise SnapshotRefused(Fault.METADATA_MALFORMED, "stores: not in order of name, each once")
    parts = [part for store in metadata.stores for part in _parts(store)]
    if offer.chunks != len(parts):
        message = f"chunks = {offer.chunks}, where the metadata name {len(parts)}"
        raise SnapshotRefused(Fault.CHUNK_COUNT_MISMATCH, message)
    found = map_root([(store.name, root_of(split_roots(store.subtree_roots))) for store in metadata.stores])
    if found != app_hash:
        message = f"the metadata lead to {found.hex()}, but the app hash at height {offer.height} is {app_hash.hex()}"
        raise SnapshotRefused(Fault.WRONG_APP_HASH, message)
    return Layout(offer.height, app_hash, metadata.time_s, tuple(parts))


def _parts(store: SnapshotStore) -> list[Part]:
    roots = split_roots(store.subtree_roots)
    if len(store.subtree_roots) != SUBTREES * HASH_BYTES:
        message = f"subtree_roots: {len(store.subtree_roots)} bytes, where {SUBTREES * HASH_BYTES} must be"
        raise SnapshotRefused(Fault.METADATA_MALFORMED, message)
    if not store.name or b"/" in store.name or store.name[0] == 0:
        raise SnapshotRefused(Fault.METADATA_MALFORMED, f"name = {store.name!r}: no store has such a name")
    ends = store.chunk_ends
    if list(ends) != sorted(set(ends)) or not ends or ends[0] < 1 or ends[-1] != SUBTREES:
        message = f"chunk_ends = {list(ends[:4])}…: ascending numbers that end with {SUBTREES} are wanted"
        raise SnapshotRefused(Fault.METADATA_MALFORMED, message)
    starts: Sequence[int] = (0, *ends[:-1])
    return [Part(store.name, first, end, tuple(roots[first:end])) for first, end in zip(starts, ends, strict=True)]
