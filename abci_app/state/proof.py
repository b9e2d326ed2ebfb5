"""Proofs that a key has a value in a version of the state, or that it has none."""

from __future__ import annotations

import hashlib

from abci_app.state.bucket import unpack
from abci_app.state.history import Version
from abci_app.state.nodes import DEPTH, LEAVES
from abci_app.state.tree import TreeView
from wire.codec import encode
from wire.merkle import (
    ABSENT_OPERATOR,
    ABSENT_STORE_OPERATOR,
    VALUE_OPERATOR,
    BucketListing,
    ListedItem,
    ListedStore,
    Proof,
    ProofOp,
    StoreListing,
    ValueOp,
    entry_hash,
    proof_of,
)
from wire.proof import bucket_of


def prove(version: Version, store: bytes, key: bytes) -> tuple[ProofOp, ...]:
    """The operators from an item of a store up to the app hash, innermost first.

    For a key without a value, the first one lists its whole bucket, or all stores when the store has no item.
    """
    tree = version.tree
    roots = tree.roots()
    names = [name for name, _ in roots]
    if store not in names:
        listing = StoreListing(tuple(ListedStore(name, root) for name, root in roots))
        return (ProofOp(ABSENT_STORE_OPERATOR, store, encode(listing)),)
    number = bucket_of(key)
    leaves = unpack(tree.bucket(store, number))
    if key in leaves:
        keys = list(leaves)
        item = _value_op(key, proof_of(list(leaves.values()), keys.index(key)))
    else:
        item = ProofOp(ABSENT_OPERATOR, key, encode(_listing(version, store, list(leaves))))
    top = proof_of([entry_hash(name, root) for name, root in roots], names.index(store))
    return item, _value_op(b"", _bucket_path(tree, store, number)), _value_op(store, top)


def _bucket_path(tree: TreeView, store: bytes, number: int) -> Proof:
    aunts = tuple(tree.node(store, level, number >> level ^ 1) for level in range(DEPTH))
    return Proof(LEAVES, number, tree.node(store, 0, number), aunts)


def _listing(version: Version, store: bytes, keys: list[bytes]) -> BucketListing:
    items = []
    for key in keys:
        value = version.value(store + b"/" + key)
        if value is None:
            raise KeyError(f"{store!r} {key.hex()}: it is in the tree, but not in the store")
        items.append(ListedItem(key, hashlib.sha256(value).digest()))
    return BucketListing(tuple(items))


def _value_op(key: bytes, proof: Proof) -> ProofOp:
    return ProofOp(VALUE_OPERATOR, key, encode(ValueOp(key, proof)))
