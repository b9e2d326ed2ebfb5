"""The app hash: nested simple Merkle maps, updated in O(changed keys).

An item's key falls into one of 65,536 buckets of its store by the first two bytes of SHA-256(key). A bucket is the
simple map of its items; a store is the simple map of its buckets, in order, each under the empty key; the app hash is
the simple map of store names. CometBFT's own proof operators verify all three levels (ARCHITECTURE, State and proofs).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from abci_app.state.merkle import EMPTY_ROOT, entry_hash, inner_hash, map_root, root_of

BUCKET_BITS = 16


def bucket_of(key: bytes) -> int:
    """The number of the bucket that a key falls into."""
    return int.from_bytes(hashlib.sha256(key).digest()[:2], "big")


def _empty_nodes() -> list[bytes]:
    """The hash of an empty subtree at each level; level 0 is a bucket's leaf."""
    nodes = [entry_hash(b"", EMPTY_ROOT)]
    for _ in range(BUCKET_BITS):
        nodes.append(inner_hash(nodes[-1], nodes[-1]))
    return nodes


_EMPTY = _empty_nodes()


class StoreTree:
    """One store's map of buckets. Only what differs from the empty tree is kept."""

    __slots__ = ("_buckets", "_levels")

    def __init__(self) -> None:
        self._buckets: dict[int, dict[bytes, bytes]] = {}
        self._levels: list[dict[int, bytes]] = [{} for _ in range(BUCKET_BITS + 1)]

    @property
    def empty(self) -> bool:
        """Whether the store holds no item; it is then left out of the app hash."""
        return not self._buckets

    @property
    def root(self) -> bytes:
        """The store's root (32 bytes)."""
        return self._levels[BUCKET_BITS].get(0, _EMPTY[BUCKET_BITS])

    def update(self, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Set items to new values, or remove them with None."""
        touched: set[int] = set()
        for key, value in changes:
            number = bucket_of(key)
            bucket = self._buckets.setdefault(number, {})
            if value is None:
                bucket.pop(key, None)
            else:
                bucket[key] = entry_hash(key, value)
            touched.add(number)
        leaves = self._levels[0]
        for number in touched:
            bucket = self._buckets[number]
            if bucket:
                leaves[number] = entry_hash(b"", root_of([bucket[key] for key in sorted(bucket)]))
            else:
                del self._buckets[number]
                leaves.pop(number, None)
        self._raise(touched)

    def _raise(self, touched: set[int]) -> None:
        """Recompute the nodes above changed leaves. The order of a set is of no effect: each node is set once."""
        for level in range(BUCKET_BITS):
            below, above, empty = self._levels[level], self._levels[level + 1], _EMPTY[level]
            touched = {number >> 1 for number in touched}
            for number in touched:
                left, right = below.get(number << 1), below.get(number << 1 | 1)
                if left is None and right is None:
                    above.pop(number, None)
                else:
                    above[number] = inner_hash(left or empty, right or empty)


class StateTree:
    """All stores; keys are ``<store>/<item key>`` as the state has them."""

    __slots__ = ("_stores",)

    def __init__(self, entries: Iterable[tuple[bytes, bytes | None]] = ()) -> None:
        self._stores: dict[bytes, StoreTree] = {}
        self.update(entries)

    @property
    def root(self) -> bytes:
        """The app hash (32 bytes)."""
        return map_root([(name, tree.root) for name, tree in sorted(self._stores.items()) if not tree.empty])

    def update(self, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Set state keys to encoded values, or remove them with None."""
        by_store: dict[bytes, list[tuple[bytes, bytes | None]]] = {}
        for key, value in changes:
            name, _, item = key.partition(b"/")
            by_store.setdefault(name, []).append((item, value))
        for name, items in by_store.items():
            if name not in self._stores:
                self._stores[name] = StoreTree()
            self._stores[name].update(items)
