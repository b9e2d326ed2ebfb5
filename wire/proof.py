"""Whether a value, or its absence, follows from an app hash: nested simple Merkle maps (`abci_app.state.proof`).

An item stands in one of 2**18 buckets of its store, a bucket in its store under the empty key, a store in the app hash
under its name. CometBFT's own operators (``simple:v``) verify these three steps. That an item is absent is shown by
the whole listing of the only bucket that it could stand in; that a store has no item, by the listing of all stores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from wire.codec import CodecError, decode
from wire.merkle import (
    ABSENT_OPERATOR,
    ABSENT_STORE_OPERATOR,
    VALUE_OPERATOR,
    BucketListing,
    ProofError,
    ProofOp,
    StoreListing,
    ValueOp,
    digest_entry_hash,
    entry_hash,
    map_root,
    root_by,
    root_of,
)
from wire.unverified import Reason, Unverified

T = TypeVar("T")

BUCKET_BITS = 18
BUCKETS = 1 << BUCKET_BITS
# Far above any honest proof: a bucket of a store of a million items lists four.
MAX_PROOF_BYTES = 64 * 1024


def bucket_of(key: bytes) -> int:
    """The number of the bucket that a key falls into: the first 18 bits of SHA-256(key)."""
    return int.from_bytes(hashlib.sha256(key).digest()[:3], "big") >> 24 - BUCKET_BITS


def verified_value(app_hash: bytes, store: str, key: bytes, value: bytes, ops: Sequence[ProofOp]) -> bytes | None:
    """The value of an item, or None where the operators prove that there is none. ``value`` is what is claimed.

    Raises: Unverified MISSING_PROOF, OVERSIZED, MALFORMED, WRONG_KEY, WRONG_PLACE, FORGED_PROOF, FORGED_VALUE,
    FORGED_ABSENCE.
    """
    if not ops:
        raise Unverified(Reason.MISSING_PROOF, f"{_name(store, key)}: the answer holds no proof")
    size = sum(len(op.type) + len(op.key) + len(op.data) for op in ops)
    if size > MAX_PROOF_BYTES:
        raise Unverified(Reason.OVERSIZED, f"{_name(store, key)}: a proof of {size} bytes, at most {MAX_PROOF_BYTES}")
    kinds = tuple(op.type for op in ops)
    if kinds == (VALUE_OPERATOR,) * 3:
        _check_key(ops[0], key, "the item")
        _verify_bucket(app_hash, store, key, _step(ops[0], value, Reason.FORGED_VALUE), ops[1:])
        return value
    if kinds == (ABSENT_OPERATOR, VALUE_OPERATOR, VALUE_OPERATOR):
        _check_no_value(store, key, value)
        _check_key(ops[0], key, "the item")
        _verify_bucket(app_hash, store, key, _bucket_without(ops[0], key), ops[1:])
        return None
    if kinds == (ABSENT_STORE_OPERATOR,):
        _check_no_value(store, key, value)
        _check_key(ops[0], store.encode(), "the store")
        _verify_store_absent(app_hash, store, ops[0])
        return None
    raise Unverified(Reason.MALFORMED, f"{_name(store, key)}: operators {', '.join(kinds)[:200]} prove nothing here")


def _verify_bucket(app_hash: bytes, store: str, key: bytes, bucket_root: bytes, ops: Sequence[ProofOp]) -> None:
    """See that a bucket of this root is the key's bucket, in this store, under this app hash."""
    bucket_op, store_op = ops
    _check_key(bucket_op, b"", "the bucket")
    _check_key(store_op, store.encode(), "the store")
    path = _value_op(bucket_op).proof
    if path is None:
        raise Unverified(Reason.MALFORMED, "an operator without a path")
    if path.total != BUCKETS or path.position != bucket_of(key):
        proved = f"{path.position} of {path.total}"
        text = f"{_name(store, key)}: its bucket is {bucket_of(key)} of {BUCKETS}, the proof is of {proved}"
        raise Unverified(Reason.WRONG_PLACE, text)
    store_root = _step(bucket_op, bucket_root, Reason.FORGED_PROOF)
    if _step(store_op, store_root, Reason.FORGED_PROOF) != app_hash:
        text = f"{_name(store, key)}: the proof leads to another app hash than the header's, {app_hash.hex()}"
        raise Unverified(Reason.FORGED_PROOF, text)


def _step(op: ProofOp, value: bytes, reason: Reason) -> bytes:
    """The root above a value, by one operator."""
    data = _value_op(op)
    if data.key != op.key or data.proof is None:
        raise Unverified(Reason.MALFORMED, "an operator whose data is of another key, or without a path")
    if entry_hash(op.key, value) != data.proof.leaf_hash:
        raise Unverified(reason, f"the value does not hash to what is proved of key {op.key.hex()}")
    try:
        return root_by(data.proof)
    except ProofError as error:
        raise Unverified(Reason.MALFORMED, str(error)) from error


def _bucket_without(op: ProofOp, key: bytes) -> bytes:
    """The root of a bucket whose whole listing does not have a key."""
    items = _decoded(BucketListing, op).items
    keys = [item.key for item in items]
    _check_sorted(keys)
    if key in keys:
        raise Unverified(Reason.FORGED_ABSENCE, f"key {key.hex()} stands in the listing that is to show its absence")
    if any(len(item.value_sha256) != 32 for item in items):
        raise Unverified(Reason.MALFORMED, "a listing with a hash that has not 32 bytes")
    return root_of([digest_entry_hash(item.key, item.value_sha256) for item in items])


def _verify_store_absent(app_hash: bytes, store: str, op: ProofOp) -> None:
    stores = _decoded(StoreListing, op).stores
    names = [listed.name for listed in stores]
    _check_sorted(names)
    if store.encode() in names:
        raise Unverified(Reason.FORGED_ABSENCE, f"store {store} stands in the listing that is to show its absence")
    if map_root([(listed.name, listed.root) for listed in stores]) != app_hash:
        text = f"the listing of stores leads to another app hash than the header's, {app_hash.hex()}"
        raise Unverified(Reason.FORGED_PROOF, text)


def _check_sorted(keys: Sequence[bytes]) -> None:
    if any(one >= following for one, following in pairwise(keys)):
        raise Unverified(Reason.FORGED_ABSENCE, "a listing that is not in order, each key once")


def _check_no_value(store: str, key: bytes, value: bytes) -> None:
    if value:
        raise Unverified(Reason.FORGED_VALUE, f"{_name(store, key)}: a value with a proof that there is none")


def _check_key(op: ProofOp, key: bytes, what: str) -> None:
    if op.key != key:
        raise Unverified(Reason.WRONG_KEY, f"{what}: the proof is of key {op.key.hex()}, asked was {key.hex()}")


def _value_op(op: ProofOp) -> ValueOp:
    return _decoded(ValueOp, op)


def _decoded(type_: type[T], op: ProofOp) -> T:
    try:
        return decode(type_, op.data)
    except CodecError as error:
        raise Unverified(Reason.MALFORMED, f"operator {op.type}: {error}") from error


def _name(store: str, key: bytes) -> str:
    return f"/store/{store}/key {key.hex()}"
