"""The hashes of a complete binary tree, in pages that are shared with the past; untouched parts of it are implied.

A page has eight neighbours of a level and what is above them, short of their root, which stands in the next page up.
A page that is written is a new one, so whoever kept the old one has the tree as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from wire.merkle import EMPTY_ROOT, entry_hash, inner_hash
from wire.proof import BUCKET_BITS, BUCKETS

DEPTH = BUCKET_BITS
LEAVES = BUCKETS

# Levels of a page: 8 nodes at positions 0 to 7, their parents at 8 to 11, and theirs at 12 and 13. The parent of the
# node at a position is at 8 + position // 2; at 14 that is the page's root.
_PAGE_LEVELS = 3
_PAGE_MASK = (1 << _PAGE_LEVELS) - 1
_FIRST_POSITION = (0, 8, 12)
_ROOT_POSITION = 14
# Where the second and third level begin in a page's bytes.
_SECOND_LEVEL, _THIRD_LEVEL = 8 << 5, 12 << 5


def _empty_nodes() -> list[bytes]:
    """The hash of an empty subtree at each level; level 0 is the leaf of an empty bucket."""
    nodes = [entry_hash(b"", EMPTY_ROOT)]
    for _ in range(DEPTH):
        nodes.append(inner_hash(nodes[-1], nodes[-1]))
    return nodes


EMPTY_NODES = _empty_nodes()
_EMPTY_PAGES = [
    EMPTY_NODES[level] * 8 + EMPTY_NODES[level + 1] * 4 + EMPTY_NODES[level + 2] * 2
    for level in range(0, DEPTH, _PAGE_LEVELS)
]


class NodesPast(NamedTuple):
    """What a change replaced: the root, and pages by number, from the one with the leaves up."""

    root: bytes
    pages: list[dict[int, bytes]]

    def find(self, level: int, index: int) -> bytes | None:
        """What a node was; None if its page did not change."""
        if level == DEPTH:
            return self.root
        number, at = _place(level, index)
        page = self.pages[level // _PAGE_LEVELS].get(number)
        return None if page is None else page[at : at + 32]


class Nodes:
    """Levels 0 (leaves) to DEPTH (the root) of a tree of 2**DEPTH leaves."""

    __slots__ = ("_pages", "root")

    def __init__(self) -> None:
        self.root = EMPTY_NODES[DEPTH]
        self._pages: list[dict[int, bytes]] = [{} for _ in _EMPTY_PAGES]

    def get(self, level: int, index: int) -> bytes:
        """A node's hash."""
        if level == DEPTH:
            return self.root
        number, at = _place(level, index)
        page = self._pages[level // _PAGE_LEVELS].get(number)
        return EMPTY_NODES[level] if page is None else page[at : at + 32]

    def set_leaves(self, indexes: Sequence[int], hashes: Sequence[bytes]) -> NodesPast:
        """Set leaves (``indexes`` in ascending order) and all above them; returns what there was before."""
        past = NodesPast(self.root, [])
        for pages, empty in zip(self._pages, _EMPTY_PAGES, strict=True):
            before, indexes, hashes = _set(pages, empty, indexes, hashes)
            past.pages.append(before)
        if hashes:
            self.root = hashes[0]
        return past

    def revert(self, past: NodesPast) -> None:
        """Take a change back; it must be the last."""
        self.root = past.root
        for pages, before, empty in zip(self._pages, past.pages, _EMPTY_PAGES, strict=True):
            for number, page in before.items():
                _put(pages, number, page, empty)


def _set(
    pages: dict[int, bytes], empty: bytes, indexes: Sequence[int], hashes: Sequence[bytes]
) -> tuple[dict[int, bytes], list[int], list[bytes]]:
    """Set nodes of the lowest level of some pages; returns the pages as they were, and their numbers and new roots."""
    before: dict[int, bytes] = {}
    roots: list[bytes] = []
    position, count = 0, len(indexes)
    while position < count:
        first, number = position, indexes[position] >> _PAGE_LEVELS
        old = before[number] = pages.get(number, empty)
        position += 1
        while position < count and indexes[position] >> _PAGE_LEVELS == number:
            position += 1
        if position == first + 1:
            page, root = _with_one(old, indexes[first] & _PAGE_MASK, hashes[first])
        else:
            changed = [index & _PAGE_MASK for index in indexes[first:position]]
            page, root = _with_several(old, changed, hashes[first:position])
        roots.append(root)
        _put(pages, number, page, empty)
    return before, list(before), roots


def _with_one(page: bytes, position: int, node: bytes) -> tuple[bytes, bytes]:
    """A page with one node of its lowest level set, and its root; most changed pages are of this kind."""
    sha256 = hashlib.sha256
    # Each level's pair that has the changed node, and where it begins.
    at = position << 5
    low = at & ~32
    pair = node + page[at + 32 : at + 64] if at == low else page[low:at] + node
    node = sha256(b"\x01" + pair).digest()
    at = _SECOND_LEVEL + (low >> 1)
    middle = at & ~32
    pair_above = node + page[at + 32 : at + 64] if at == middle else page[middle:at] + node
    node = sha256(b"\x01" + pair_above).digest()
    at = _THIRD_LEVEL + (middle - _SECOND_LEVEL >> 1)
    top = node + page[at + 32 :] if at == _THIRD_LEVEL else page[_THIRD_LEVEL:at] + node
    parts = (page[:low], pair, page[low + 64 : middle], pair_above, page[middle + 64 : _THIRD_LEVEL], top)
    return b"".join(parts), sha256(b"\x01" + top).digest()


def _with_several(old: bytes, changed: list[int], nodes: Sequence[bytes]) -> tuple[bytes, bytes]:
    """A page with nodes of its lowest level set, and its root."""
    page = bytearray(old)
    for at, node in zip(changed, nodes, strict=True):
        page[at << 5 : (at + 1) << 5] = node
    # Grows while it is walked: all of a level stand in it before any of the next.
    for at in changed:
        parent = 8 + (at >> 1)
        if changed[-1] == parent:
            continue  # computed for its other child
        pair = (at & ~1) << 5
        page[parent << 5 : (parent + 1) << 5] = hashlib.sha256(b"\x01" + page[pair : pair + 64]).digest()
        if parent == _ROOT_POSITION:
            break
        changed.append(parent)
    return bytes(page[: _ROOT_POSITION << 5]), bytes(page[_ROOT_POSITION << 5 :])


def _put(pages: dict[int, bytes], number: int, page: bytes, empty: bytes) -> None:
    if page == empty:
        pages.pop(number, None)
    else:
        pages[number] = page


def _place(level: int, index: int) -> tuple[int, int]:
    """The number of the page that has a node, and where its hash begins there."""
    within = level % _PAGE_LEVELS
    bits = _PAGE_LEVELS - within
    return index >> bits, (_FIRST_POSITION[within] + (index & ((1 << bits) - 1))) << 5
