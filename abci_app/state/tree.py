"""The app hash: nested simple Merkle maps, updated in O(changed keys).

An item's key falls into one of 2**18 buckets of its store by the first 18 bits of SHA-256(key). A bucket is the
simple map of its items; a store is the simple map of its buckets, in order, each under the empty key; the app hash is
the simple map of store names. CometBFT's own proof operators verify all three levels (ARCHITECTURE, State and proofs).

A change returns what it replaced, its past. With the pasts of the changes since, a ``TreeView`` shows the tree as it
was at an earlier version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from abci_app.state.bucket import changed
from abci_app.state.nodes import DEPTH, EMPTY_NODES, Nodes, NodesPast
from wire.merkle import entry_hash, map_root
from wire.proof import bucket_of

EMPTY_STORE = EMPTY_NODES[DEPTH]


class StorePast(NamedTuple):
    """What a change of a store replaced: buckets by number, and nodes by level."""

    buckets: dict[int, bytes]
    nodes: NodesPast


TreePast = dict[bytes, StorePast]


class StoreTree:
    """One store's map of buckets. Only what differs from the empty tree is kept."""

    __slots__ = ("buckets", "nodes")

    def __init__(self) -> None:
        self.buckets: dict[int, bytes] = {}
        self.nodes = Nodes()

    def update(self, changes: Iterable[tuple[bytes, bytes | None]]) -> StorePast:
        """Set items to new values, or remove them with None; returns what it replaced."""
        touched: dict[int, list[tuple[bytes, bytes | None]]] = {}
        for key, value in changes:
            leaf = None if value is None else entry_hash(key, value)
            touched.setdefault(bucket_of(key), []).append((key, leaf))
        numbers = sorted(touched)
        before: dict[int, bytes] = {}
        leaves: list[bytes] = []
        for number in numbers:
            old = before[number] = self.buckets.get(number, b"")
            new, root = changed(old, touched[number])
            self._set_bucket(number, new)
            leaves.append(entry_hash(b"", root))
        return StorePast(before, self.nodes.set_leaves(numbers, leaves))

    def revert(self, past: StorePast) -> None:
        """Take the last change back."""
        for number, bucket in past.buckets.items():
            self._set_bucket(number, bucket)
        self.nodes.revert(past.nodes)

    def _set_bucket(self, number: int, bucket: bytes) -> None:
        if bucket:
            self.buckets[number] = bucket
        else:
            self.buckets.pop(number, None)


class StateTree:
    """All stores; keys are ``<store>/<item key>`` as the state has them."""

    __slots__ = ("stores",)

    def __init__(self, entries: Iterable[tuple[bytes, bytes | None]] = ()) -> None:
        self.stores: dict[bytes, StoreTree] = {}
        self.update(entries)

    @property
    def root(self) -> bytes:
        """The app hash (32 bytes)."""
        return TreeView(self).root

    def update(self, changes: Iterable[tuple[bytes, bytes | None]]) -> TreePast:
        """Set state keys to encoded values, or remove them with None; returns what it replaced."""
        by_store: dict[bytes, list[tuple[bytes, bytes | None]]] = {}
        for key, value in changes:
            name, _, item = key.partition(b"/")
            by_store.setdefault(name, []).append((item, value))
        past: TreePast = {}
        for name, items in by_store.items():
            if name not in self.stores:
                self.stores[name] = StoreTree()
            past[name] = self.stores[name].update(items)
        return past

    def revert(self, past: TreePast) -> None:
        """Take the last change back."""
        for name, store_past in past.items():
            self.stores[name].revert(store_past)


class TreeView:
    """The tree before the changes whose pasts are given, oldest first; without any, as it is now."""

    __slots__ = ("_pasts", "_tree")

    def __init__(self, tree: StateTree, pasts: Sequence[TreePast] = ()) -> None:
        self._tree = tree
        self._pasts = pasts

    @property
    def root(self) -> bytes:
        """The app hash (32 bytes)."""
        return map_root(self.roots())

    def roots(self) -> list[tuple[bytes, bytes]]:
        """Names and roots of the stores that have items, in order of name; an empty one is left out of the app hash."""
        found = [(name, self.node(name, DEPTH, 0)) for name in sorted(self._tree.stores)]
        return [(name, root) for name, root in found if root != EMPTY_STORE]

    def node(self, store: bytes, level: int, index: int) -> bytes:
        """A node of a store that is in ``roots``; level 0 has the buckets' leaves, level DEPTH the root."""
        for past in self._pasts:
            if store in past:
                found = past[store].nodes.find(level, index)
                if found is not None:
                    return found
        return self._tree.stores[store].nodes.get(level, index)

    def bucket(self, store: bytes, number: int) -> bytes:
        """The packed items of a bucket (see ``bucket``); b"" for none."""
        for past in self._pasts:
            if store in past and number in past[store].buckets:
                return past[store].buckets[number]
        return self._tree.stores[store].buckets.get(number, b"")
