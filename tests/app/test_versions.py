"""Proofs at the last heights: they lead to the app hash of their height, outlive restarts, and nothing else passes."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.app import QUERY_BAD_REQUEST, QUERY_HEIGHT_UNAVAILABLE, QUERY_OK, App, QueryResult
from abci_app.state.history import History, Undo, rebuild
from abci_app.state.proof import prove
from abci_app.state.store import MemoryStore
from abci_app.state.tree import StateTree
from tests.app.chain import Chain
from tests.app.keyring import address
from wire.codec import decode
from wire.ledger import Transfer
from wire.merkle import (
    ABSENT_OPERATOR,
    ABSENT_STORE_OPERATOR,
    VALUE_OPERATOR,
    BucketListing,
    Proof,
    ProofError,
    ProofOp,
    StoreListing,
    ValueOp,
    digest_entry_hash,
    entry_hash,
    map_root,
    proof_of,
    root_by,
    root_of,
)

KEYS = [b"a/1", b"a/2", b"b/1", b"c/"]
BLOCKS = st.lists(st.dictionaries(st.sampled_from(KEYS), st.none() | st.binary(max_size=3), max_size=4), max_size=9)


def root_after(ops: tuple[ProofOp, ...], value: bytes | None) -> bytes:
    """The app hash that the operators lead to from a value, or from the absence of one."""
    first = ops[0]
    if value is not None:
        root = value
    elif first.type == ABSENT_STORE_OPERATOR:
        stores = decode(StoreListing, first.data).stores
        assert first.key not in [store.name for store in stores]
        return map_root([(store.name, store.root) for store in stores])
    else:
        assert first.type == ABSENT_OPERATOR
        items = decode(BucketListing, first.data).items
        assert first.key not in [item.key for item in items]
        root = root_of([digest_entry_hash(item.key, item.value_sha256) for item in items])
        ops = ops[1:]
    for op in ops:
        assert op.type == VALUE_OPERATOR
        data = decode(ValueOp, op.data)
        assert data.proof is not None
        assert data.key == op.key
        assert entry_hash(op.key, root) == data.proof.leaf_hash
        root = root_by(data.proof)
    return root


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_every_leafs_path_leads_to_the_root_and_no_changed_one_does(count: int) -> None:
    leaves = [sha256(bytes((n,))).digest() for n in range(count)]
    for position in range(count):
        proof = proof_of(leaves, position)
        assert root_by(proof) == root_of(leaves)
        for aunt in range(len(proof.aunts)):
            forged = (*proof.aunts[:aunt], bytes(32), *proof.aunts[aunt + 1 :])
            assert root_by(proof._replace(aunts=forged)) != root_of(leaves)
        with pytest.raises(ProofError, match="aunts"):
            root_by(proof._replace(aunts=(*proof.aunts, bytes(32))))


@pytest.mark.parametrize(
    "proof",
    [Proof(0, 0, bytes(32)), Proof(2, 2, bytes(32), (bytes(32),)), Proof(1, 0, b"x"), Proof(2, 1, bytes(32), (b"",))],
)
def test_a_path_that_no_tree_has_is_an_error(proof: Proof) -> None:
    with pytest.raises(ProofError):
        root_by(proof)


def apply(
    store: MemoryStore, tree: StateTree, history: History, height: int, block: Mapping[bytes, bytes | None]
) -> None:
    """What the application does with a block's changes."""
    values = {key: store.get(key) for key in block}
    undo = Undo(height, tree.root, values, tree.update(block.items()))
    store.write([*block.items(), *history.changes(undo)])
    history.add(undo)


@settings(max_examples=60, deadline=None)
@given(blocks=BLOCKS, versions=st.integers(0, 4), reopened=st.booleans())
def test_every_key_is_proved_present_or_absent_at_every_kept_version(
    blocks: list[dict[bytes, bytes | None]], versions: int, reopened: bool
) -> None:
    store, tree, history = MemoryStore(), StateTree(), History(versions)
    states: list[dict[bytes, bytes]] = [{}]
    for height, block in enumerate(blocks, 1):
        apply(store, tree, history, height, block)
        changed = states[-1] | block
        states.append({key: value for key, value in changed.items() if value is not None})
    if reopened:
        rebuilt = rebuild(store)
        tree, history = rebuilt.tree, History(versions, rebuilt.undos)
    oldest = history.oldest_height(len(blocks))
    assert oldest == max(0, len(blocks) - versions)
    for height in range(oldest, len(blocks) + 1):
        version, expected = history.at(height, tree, store), states[height]
        root = StateTree(expected.items()).root
        assert version.tree.root == root
        for key in KEYS:
            name, _, item = key.partition(b"/")
            assert version.value(key) == expected.get(key)
            assert root_after(prove(version, name, item), expected.get(key)) == root
    undos = [key for key, _ in store.iterate(b"\x00", b"\x01")]
    assert len(undos) == min(versions, len(blocks))


@settings(max_examples=60, deadline=None)
@given(before=BLOCKS, last=st.dictionaries(st.sampled_from(KEYS), st.none() | st.binary(max_size=3)))
def test_a_change_taken_back_leaves_the_tree_as_it_was(
    before: list[dict[bytes, bytes | None]], last: dict[bytes, bytes | None]
) -> None:
    tree, untouched = StateTree(), StateTree()
    for block in before:
        tree.update(block.items())
        untouched.update(block.items())
    tree.revert(tree.update(last.items()))
    assert tree.root == untouched.root
    tree.update(last.items())
    untouched.update(last.items())
    assert tree.root == untouched.root


def balance_at(chain: Chain, height: int = 0) -> QueryResult:
    key = next(key for key in chain.stored() if key.startswith(b"ledger/b"))
    return chain.app.query("/store/ledger/key", key.removeprefix(b"ledger/"), height, prove=True)


def test_the_application_proves_by_default_at_the_last_height_whose_successor_has_a_header() -> None:
    chain = Chain()
    chain.do("ann", Transfer(address("bob"), 1))
    before = chain.app.last_block
    chain.do("ann", Transfer(address("bob"), 1))
    answer = balance_at(chain)
    assert (answer.code, answer.height) == (QUERY_OK, before.height)
    assert root_after(answer.proof, answer.value) == before.app_hash
    now = balance_at(chain, chain.app.last_block.height)
    assert root_after(now.proof, now.value) == chain.app.last_block.app_hash
    chain.app = App(chain.store)
    assert balance_at(chain) == answer


def test_heights_that_are_not_kept_are_named_with_those_that_are() -> None:
    chain = Chain()
    chain.app = App(chain.store, versions=2)
    for _ in range(4):
        chain.block()
    last = chain.app.last_block.height
    assert balance_at(chain, last - 2).code == QUERY_OK
    for height in (last - 3, last + 1):
        answer = balance_at(chain, height)
        assert answer.code == QUERY_HEIGHT_UNAVAILABLE
        assert f"heights {last - 2} to {last} are kept" in answer.message
    assert App(MemoryStore()).query("/store/ledger/key", b"b", 0, prove=True).code == QUERY_HEIGHT_UNAVAILABLE


def test_a_typed_query_can_not_be_proved_and_says_what_can() -> None:
    answer = Chain().app.query("/chain/GetParameters", b"", 0, prove=True)
    assert (answer.code, answer.proof) == (QUERY_BAD_REQUEST, ())
    assert "/store/" in answer.message


def test_a_block_finalized_again_with_other_transactions_is_as_if_the_first_had_not_been() -> None:
    chain, other = Chain(), Chain()
    height, time_ns = chain.app.last_block.height + 1, (chain.time_s + 1) * 10**9
    chain.app.finalize_block(height, time_ns, [chain.tx("ann", Transfer(address("bob"), 1))])
    chain.app.finalize_block(height, time_ns, [])
    chain.app.commit()
    other.app.finalize_block(height, time_ns, [])
    other.app.commit()
    assert chain.app.last_block == other.app.last_block
    assert chain.stored() == other.stored()


def test_what_is_proved_while_a_block_waits_for_its_commit_is_the_committed_state() -> None:
    chain = Chain()
    chain.block()
    before, newest = balance_at(chain), balance_at(chain, chain.app.last_block.height)
    tx = chain.tx("ann", Transfer(address("bob"), 1))
    chain.app.finalize_block(chain.app.last_block.height + 1, (chain.time_s + 1) * 10**9, [tx])
    assert balance_at(chain) == before
    assert balance_at(chain, chain.app.last_block.height) == newest
    assert root_after(newest.proof, newest.value) == chain.app.last_block.app_hash
