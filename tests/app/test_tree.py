"""The app hash beside CometBFT's simple maps, built naively from their definition."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.app import App
from abci_app.state import nodes
from abci_app.state.store import StoreCorrupted
from abci_app.state.tree import StateTree
from tests.app.chain import Chain
from tests.app.keyring import address
from wire.ledger import Transfer
from wire.merkle import root_of
from wire.proof import bucket_of

KEYS = st.sampled_from([b"a/1", b"a/2", b"a/3", b"b/1", b"b/x/y", b"c/", b"c/\x00\xff"])
VALUES = st.none() | st.binary(max_size=5)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 over leaf hashes, by its definition."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 2 ** math.ceil(math.log2(len(leaves)) - 1)
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:]))


def naive_leaf(key: bytes, value: bytes) -> bytes:
    """A map's entry: both parts with their lengths (below 128 here), the value as its hash."""
    assert len(key) < 128
    return sha256(b"\x00" + bytes((len(key),)) + key + bytes((32,)) + sha256(value))


def naive_app_hash(entries: dict[bytes, bytes]) -> bytes:
    """2**18 buckets a store; every level from scratch."""
    stores: dict[bytes, dict[int, dict[bytes, bytes]]] = {}
    for path, value in entries.items():
        store, key = path.split(b"/", 1)
        number = int.from_bytes(sha256(key), "big") >> 238
        stores.setdefault(store, {}).setdefault(number, {})[key] = value
    empty = naive_leaf(b"", naive_root([]))
    roots = []
    for store, buckets in sorted(stores.items()):
        leaves = {
            number: naive_leaf(b"", naive_root([naive_leaf(k, v) for k, v in sorted(items.items())]))
            for number, items in buckets.items()
        }
        roots.append(naive_leaf(store, _full_root(leaves, empty, 0, 2**18)))
    return naive_root(roots)


def _full_root(leaves: dict[int, bytes], empty: bytes, start: int, end: int) -> bytes:
    """The root over the leaves from start to end, a power of two of them; those not given are empty."""
    within = {number: leaf for number, leaf in leaves.items() if start <= number < end}
    if end - start == 1:
        return within.get(start, empty)
    if not within:
        for _ in range((end - start).bit_length() - 1):
            empty = sha256(b"\x01" + empty + empty)
        return empty
    middle = (start + end) // 2
    halves = [_full_root(within, empty, start, middle), _full_root(within, empty, middle, end)]
    return sha256(b"\x01" + b"".join(halves))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_the_tree_splits_as_rfc_6962_has_it(count: int) -> None:
    leaves = [sha256(bytes((n,))) for n in range(count)]
    assert root_of(leaves) == naive_root(leaves)


def test_known_roots_of_rfc_6962() -> None:
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    leaf = sha256(b"\x00")
    assert root_of([leaf]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=5), max_size=6))
def test_updates_and_deletions_come_to_what_a_build_from_scratch_gives(blocks: list[dict[bytes, bytes | None]]) -> None:
    updated, entries = StateTree(), dict[bytes, bytes]()
    for block in blocks:
        updated.update(block.items())
        for key, value in block.items():
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
    assert updated.root == StateTree(entries.items()).root
    assert updated.root == naive_app_hash(entries)


def test_keys_that_share_a_bucket_are_one_map() -> None:
    first = b"0"
    shared = next(k for n in range(10**6) if bucket_of(k := b"k%d" % n) == bucket_of(first))
    entries = {b"a/" + first: b"1", b"a/" + shared: b"2"}
    built = StateTree(entries.items())
    assert built.root == naive_app_hash(entries)
    built.update([(b"a/" + shared, None)])
    assert built.root == naive_app_hash({b"a/" + first: b"1"})


def test_an_update_hashes_in_proportion_to_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    state = StateTree((b"a/%d" % n, b"v") for n in range(20_000))
    changed = [0]
    set_leaves = nodes.Nodes.set_leaves

    def counting(tree: nodes.Nodes, indexes: Sequence[int], hashes: Sequence[bytes]) -> nodes.NodesPast:
        past = set_leaves(tree, indexes, hashes)
        changed[0] += sum(len(pages) for pages in past.pages)
        return past

    monkeypatch.setattr(nodes.Nodes, "set_leaves", counting)
    for changes in (1, 10, 100):
        changed[0] = 0
        state.update((b"a/%d" % n, b"new") for n in range(changes))
        assert 6 <= changed[0] <= 6 * changes
    changed[0] = 0
    state.update([])
    assert changed[0] == 0


def test_a_store_opened_anew_has_the_same_hash_and_goes_on_the_same() -> None:
    chain, other = Chain(), Chain()
    chain.trade(10)
    other.trade(10)
    chain.app = App(chain.store)
    assert chain.app.last_block == other.app.last_block
    assert chain.go_to_slot(4).app_hash == other.go_to_slot(4).app_hash
    assert chain.app.last_block.app_hash == naive_app_hash(chain.stored())


@pytest.mark.parametrize("value", [None, b"\x08\x02"])
def test_a_store_that_was_touched_is_refused_with_the_way_out(value: bytes | None) -> None:
    chain = Chain()
    chain.do("ann", Transfer(address("bob"), 1))
    key = next(key for key in chain.stored() if key.startswith(b"ledger/b"))
    chain.store.write([(key, value)])
    with pytest.raises(StoreCorrupted, match="sync anew"):
        App(chain.store)


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (lambda record: record[:-1], "a record can't be read"),
        (lambda record: record[:-1] + bytes((record[-1] ^ 1,)), "what takes block 2 back leads to"),
        (lambda record: record + b"\x1a\x00", "what takes block 2 back has"),
    ],
    ids=["cut off", "a changed bit", "a value too many"],
)
def test_what_would_take_a_block_back_is_refused_when_it_was_touched(
    damaged: Callable[[bytes], bytes], says: str
) -> None:
    chain = Chain()
    chain.do("ann", Transfer(address("bob"), 1))
    key = b"\x00undo/" + (2).to_bytes(8, "big")
    record = chain.store.get(key)
    assert record
    chain.store.write([(key, damaged(record))])
    with pytest.raises(StoreCorrupted, match=says):
        App(chain.store)


def test_an_empty_block_leaves_the_hash_as_it_is() -> None:
    chain = Chain()
    before = chain.app.last_block.app_hash
    chain.block()
    assert chain.app.last_block.app_hash == before
