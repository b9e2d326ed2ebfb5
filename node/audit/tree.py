"""The app hash, computed from the records alone (ARCHITECTURE, State and proofs; RFC 6962 with SHA-256).

Three maps inside each other: items in 2**18 buckets by the first bits of SHA-256(key), buckets in a store, stores in
the app hash.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

from wire.merkle import entry_hash, inner_hash, map_root, root_of

_DEPTH = 18


def _nothing() -> list[bytes]:
    """The roots of trees of empty buckets, by height."""
    roots = [entry_hash(b"", root_of([]))]
    while len(roots) <= _DEPTH:
        roots.append(inner_hash(roots[-1], roots[-1]))
    return roots


_EMPTY = _nothing()


class Tree:
    """Items by state key (``<store>/<key>``), and the root over them."""

    def __init__(self) -> None:
        self._items: dict[tuple[bytes, int], dict[bytes, bytes]] = defaultdict(dict)
        self._nodes: dict[tuple[bytes, int, int], bytes] = {}
        self._stores: set[bytes] = set()

    def update(self, changes: Mapping[bytes, bytes | None]) -> bytes:
        """Set items, remove those that are None; returns the app hash."""
        touched: set[tuple[bytes, int]] = set()
        for state_key, value in changes.items():
            store, _, key = state_key.partition(b"/")
            bucket = int.from_bytes(hashlib.sha256(key).digest()[:4], "big") >> 32 - _DEPTH
            items = self._items[store, bucket]
            if value is None:
                items.pop(key, None)
            else:
                items[key] = entry_hash(key, value)
            touched.add((store, bucket))
        for store, bucket in touched:
            items = self._items[store, bucket]
            self._set(store, 0, bucket, entry_hash(b"", root_of([items[key] for key in sorted(items)])))
            if not items:
                del self._items[store, bucket]
            self._stores.add(store)
        for height in range(_DEPTH):
            touched = {(store, number >> 1) for store, number in touched}
            for store, number in touched:
                left, right = (self._get(store, height, 2 * number + side) for side in (0, 1))
                self._set(store, height + 1, number, inner_hash(left, right))
        return self.root

    @property
    def root(self) -> bytes:
        """The app hash (32 bytes); stores without an item are left out."""
        roots = [(store, self._get(store, _DEPTH, 0)) for store in sorted(self._stores)]
        return map_root([(store, root) for store, root in roots if root != _EMPTY[_DEPTH]])

    def _get(self, store: bytes, height: int, number: int) -> bytes:
        return self._nodes.get((store, height, number), _EMPTY[height])

    def _set(self, store: bytes, height: int, number: int, node: bytes) -> None:
        if node == _EMPTY[height]:
            self._nodes.pop((store, height, number), None)
        else:
            self._nodes[store, height, number] = node
