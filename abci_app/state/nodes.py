"""The hashes of a complete binary tree in little memory: untouched parts of it are implied."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from wire.merkle import EMPTY_ROOT, entry_hash, inner_hash
from wire.proof import BUCKET_BITS, BUCKETS

DEPTH = BUCKET_BITS
LEAVES = BUCKETS

# Neighbours of a level that share one piece of memory; siblings always do.
_CHUNK_BITS = 4
_CHUNK_MASK = (1 << _CHUNK_BITS) - 1


def _empty_nodes() -> list[bytes]:
    """The hash of an empty subtree at each level; level 0 is the leaf of an empty bucket."""
    nodes = [entry_hash(b"", EMPTY_ROOT)]
    for _ in range(DEPTH):
        nodes.append(inner_hash(nodes[-1], nodes[-1]))
    return nodes


EMPTY_NODES = _empty_nodes()
_EMPTY_CHUNKS = [node * (1 << _CHUNK_BITS) for node in EMPTY_NODES]


class LevelPast(NamedTuple):
    """What the nodes of a level were before a change: indexes in ascending order, and 32 bytes for each."""

    indexes: array[int]
    hashes: bytes

    def find(self, index: int) -> bytes | None:
        """What a node was, or None if it did not change."""
        at = bisect_left(self.indexes, index)
        if at == len(self.indexes) or self.indexes[at] != index:
            return None
        return self.hashes[at << 5 : (at + 1) << 5]


NodesPast = tuple[LevelPast, ...]


class Nodes:
    """Levels 0 (leaves) to DEPTH (the root) of a tree of 2**DEPTH leaves."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[dict[int, bytearray]] = [{} for _ in range(DEPTH + 1)]

    @property
    def root(self) -> bytes:
        """The root (32 bytes)."""
        return self.get(DEPTH, 0)

    def get(self, level: int, index: int) -> bytes:
        """A node's hash."""
        chunk = self._levels[level].get(index >> _CHUNK_BITS)
        if chunk is None:
            return EMPTY_NODES[level]
        at = (index & _CHUNK_MASK) << 5
        return bytes(chunk[at : at + 32])

    def set_leaves(self, indexes: Sequence[int], hashes: Sequence[bytes]) -> NodesPast:
        """Set leaves (``indexes`` in ascending order) and all above them; returns what there was before."""
        past: list[LevelPast] = []
        for level in range(DEPTH + 1):
            before, indexes, hashes = self._set(level, indexes, hashes)
            past.append(before)
        return tuple(past)

    def revert(self, past: NodesPast) -> None:
        """Take a change back; it must be the last."""
        for level, before in enumerate(past):
            hashes = [before.hashes[at : at + 32] for at in range(0, len(before.hashes), 32)]
            self._set(level, before.indexes, hashes)

    def _set(
        self, level: int, indexes: Sequence[int], hashes: Sequence[bytes]
    ) -> tuple[LevelPast, list[int], list[bytes]]:
        """Set nodes of a level; returns what they were, and their parents, computed anew."""
        chunks, empty, filler, sha256 = self._levels[level], EMPTY_NODES[level], _EMPTY_CHUNKS[level], hashlib.sha256
        old = bytearray()
        parents: list[int] = []
        above: list[bytes] = []
        count, last_number, chunk = len(indexes), -1, bytearray()
        for position, index in enumerate(indexes):
            node = hashes[position]
            number, at = index >> _CHUNK_BITS, (index & _CHUNK_MASK) << 5
            if number != last_number:
                last_number = number
                known = chunks.get(number)
                if known is None:
                    known = chunks[number] = bytearray(filler)
                chunk = known
            old += chunk[at : at + 32]
            chunk[at : at + 32] = node
            # A parent is computed when the last of its children is set.
            if index & 1 or position + 1 == count or indexes[position + 1] != index + 1:
                pair = at & ~32
                parents.append(index >> 1)
                above.append(sha256(b"\x01" + chunk[pair : pair + 64]).digest())
            if node == empty and chunk == filler:
                del chunks[number]
                last_number = -1
        return LevelPast(array("I", indexes), bytes(old)), parents, above
