"""Proofs of the real application's items: believed as they are, refused by name when anything of them is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app import world
from tests.app.keyring import address
from tests.proofs.proven_chain import Answer, ProvenChain
from wire import state_keys
from wire.codec import decode, encode
from wire.ledger import EUR, Balance, account_holder
from wire.merkle import (
    ABSENT_OPERATOR,
    VALUE_OPERATOR,
    BucketListing,
    ListedItem,
    ListedStore,
    ProofOp,
    StoreListing,
    ValueOp,
)
from wire.proof import BUCKETS, MAX_PROOF_BYTES, bucket_of, verified_value
from wire.state_keys import Item
from wire.unverified import Reason, Unverified


@pytest.fixture(scope="module")
def chain() -> ProvenChain:
    made = ProvenChain()
    made.trade(10)
    made.go_to_slot(4)
    return made


def balance_of(name: str) -> Item[Balance]:
    return state_keys.BALANCES.at(state_keys.balance_key(EUR, account_holder(address(name))))


HERE = balance_of("ann")
NOT_HERE = balance_of("nobody")
# No certificate was minted yet, so the store of settlements holds the parameters alone; governance has no store.
NO_STORE: Item[Any] = Item("nowhere", b"x", Balance)


def verified(chain: ProvenChain, item: Item[Any], answer: Answer) -> bytes | None:
    return verified_value(chain.app_hash(answer.height), item.store, item.key, answer.value, answer.ops)


def refused(chain: ProvenChain, item: Item[Any], answer: Answer) -> Reason:
    with pytest.raises(Unverified) as refusal:
        verified(chain, item, answer)
    return refusal.value.reason


def test_a_value_is_believed_with_its_proof(chain: ProvenChain) -> None:
    value = verified(chain, HERE, chain.answer(HERE, chain.height))
    assert value is not None
    assert decode(Balance, value) == chain.balance("ann")


def test_an_absence_is_believed_with_its_proof(chain: ProvenChain) -> None:
    assert verified(chain, NOT_HERE, chain.answer(NOT_HERE)) is None
    assert verified(chain, NO_STORE, chain.answer(NO_STORE)) is None


def test_every_item_of_the_state_is_proved(chain: ProvenChain) -> None:
    for key, value in chain.stored().items():
        store, _, item_key = key.partition(b"/")
        item: Item[Any] = Item(store.decode(), item_key, Balance)
        # The newest block's items, so that all are there.
        answer = chain.answer(item, chain.height)
        assert verified(chain, item, answer) == value


def test_a_key_that_shares_its_bucket_is_told_from_one_that_is_not_there(chain: ProvenChain) -> None:
    number = bucket_of(HERE.key)
    neighbour = next(
        key for key in (b"b%d" % n for n in range(10_000_000)) if bucket_of(key) == number and key != HERE.key
    )
    item: Item[Any] = Item("ledger", neighbour, Balance)
    answer = chain.answer(item)
    assert answer.ops[0].type == ABSENT_OPERATOR
    assert [listed.key for listed in decode(BucketListing, answer.ops[0].data).items] == [HERE.key]
    assert verified(chain, item, answer) is None


def replaced(answer: Answer, index: int, **fields: Any) -> Answer:
    ops = list(answer.ops)
    ops[index] = ops[index]._replace(**fields)
    return answer._replace(ops=tuple(ops))


def with_path(answer: Answer, index: int, **fields: Any) -> Answer:
    """Another path in an operator."""
    data = decode(ValueOp, answer.ops[index].data)
    assert data.proof is not None
    return replaced(answer, index, data=encode(data._replace(proof=data.proof._replace(**fields))))


class Forgery(NamedTuple):
    """What is done to an honest answer about an item, and why it is refused."""

    name: str
    change: Callable[[ProvenChain, Answer], Answer]
    reason: Reason
    item: Item[Any] = HERE


def listing(*items: ListedItem) -> bytes:
    return encode(BucketListing(items))


RICH = encode(Balance(10**18, 0))
FORGERIES = (
    Forgery("a larger balance", lambda _, a: a._replace(value=RICH), Reason.FORGED_VALUE),
    Forgery("no balance", lambda _, a: a._replace(value=b""), Reason.FORGED_VALUE),
    Forgery("no proof", lambda _, a: a._replace(ops=()), Reason.MISSING_PROOF),
    Forgery("a proof without its top", lambda _, a: a._replace(ops=a.ops[:2]), Reason.MALFORMED),
    Forgery("a proof with an operator more", lambda _, a: a._replace(ops=(*a.ops, a.ops[2])), Reason.MALFORMED),
    Forgery("an unknown operator", lambda _, a: replaced(a, 0, type="iavl:v"), Reason.MALFORMED),
    Forgery("an old value with its old proof", lambda c, a: c.answer(HERE, a.height - 5), Reason.FORGED_PROOF),
    Forgery("somebody else's balance", lambda c, _: c.answer(balance_of("bob")), Reason.WRONG_KEY),
    Forgery("another store's name", lambda _, a: replaced(a, 2, key=b"grid"), Reason.WRONG_KEY),
    Forgery("a key in the middle", lambda _, a: replaced(a, 1, key=b"x"), Reason.WRONG_KEY),
    Forgery("data of another key", lambda _, a: replaced(a, 0, data=a.ops[2].data), Reason.MALFORMED),
    Forgery("cut data", lambda _, a: replaced(a, 0, data=a.ops[0].data[:-1]), Reason.MALFORMED),
    Forgery("no data", lambda _, a: replaced(a, 1, data=b""), Reason.MALFORMED),
    Forgery("garbage", lambda _, a: replaced(a, 2, data=b"\xff" * 40), Reason.MALFORMED),
    Forgery("another bucket", lambda _, a: with_path(a, 1, position=7), Reason.WRONG_PLACE),
    Forgery("a smaller store", lambda _, a: with_path(a, 1, total=BUCKETS >> 1), Reason.WRONG_PLACE),
    Forgery("a leaf of one's own", lambda _, a: with_path(a, 1, leaf_hash=bytes(32)), Reason.FORGED_PROOF),
    Forgery("a path too long", lambda _, a: with_path(a, 2, aunts=(bytes(32),) * 65), Reason.MALFORMED),
    Forgery("a path too short", lambda _, a: with_path(a, 1, aunts=()), Reason.MALFORMED),
    Forgery("half a hash", lambda _, a: with_path(a, 2, aunts=(bytes(16),)), Reason.MALFORMED),
    Forgery("too much", lambda _, a: replaced(a, 0, data=bytes(MAX_PROOF_BYTES)), Reason.OVERSIZED),
    Forgery(
        "absence of what is there",
        lambda c, a: a._replace(value=b"", ops=(ProofOp(ABSENT_OPERATOR, HERE.key, b""), *a.ops[1:])),
        Reason.FORGED_PROOF,
    ),
    Forgery(
        "absence of what is listed",
        lambda c, a: a._replace(
            value=b"",
            ops=(ProofOp(ABSENT_OPERATOR, HERE.key, listing(ListedItem(HERE.key, bytes(32)))), *a.ops[1:]),
        ),
        Reason.FORGED_ABSENCE,
    ),
    Forgery("a value with its absence", lambda _, a: a._replace(value=RICH), Reason.FORGED_VALUE, NOT_HERE),
    Forgery("presence of what is not there", lambda c, _: c.answer(HERE), Reason.WRONG_KEY, NOT_HERE),
    Forgery(
        "a listing in no order",
        lambda _, a: replaced(a, 0, data=listing(ListedItem(b"b", bytes(32)), ListedItem(b"a", bytes(32)))),
        Reason.FORGED_ABSENCE,
        NOT_HERE,
    ),
    Forgery(
        "a listing with half a hash",
        lambda _, a: replaced(a, 0, data=listing(ListedItem(b"a", bytes(16)))),
        Reason.MALFORMED,
        NOT_HERE,
    ),
    Forgery(
        "a listing of a store that is there",
        lambda c, a: a._replace(value=b"", ops=(c.answer(NO_STORE).ops[0]._replace(key=b"ledger"),)),
        Reason.FORGED_ABSENCE,
    ),
    Forgery(
        "a listing without a store that is there",
        lambda c, a: a._replace(
            value=b"",
            ops=(ProofOp("vdg:absent-store", b"ledger", encode(StoreListing((ListedStore(b"grid", bytes(32)),)))),),
        ),
        Reason.FORGED_PROOF,
    ),
    Forgery("absence of another store", lambda _, a: replaced(a, 0, key=b"other"), Reason.WRONG_KEY, NO_STORE),
    Forgery("a value of no store", lambda _, a: a._replace(value=RICH), Reason.FORGED_VALUE, NO_STORE),
)


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_a_forged_answer_is_refused_by_its_own_reason(chain: ProvenChain, forgery: Forgery) -> None:
    honest = chain.answer(forgery.item)
    forged = forgery.change(chain, honest)
    assert refused(chain, forgery.item, forged._replace(height=honest.height)) is forgery.reason


def test_a_proof_of_another_height_does_not_pass_for_this_one(chain: ProvenChain) -> None:
    answer = chain.answer(HERE, chain.height - 6)
    assert refused(chain, HERE, answer._replace(height=chain.height - 1)) is Reason.FORGED_PROOF


@given(data=st.data())
def test_no_byte_of_a_proof_can_be_changed_unnoticed(chain: ProvenChain, data: st.DataObject) -> None:
    answer = chain.answer(HERE)
    index = data.draw(st.integers(0, len(answer.ops) - 1))
    op = answer.ops[index]
    position = data.draw(st.integers(0, len(op.data) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda drawn: drawn != op.data[position]))
    forged = replaced(answer, index, data=op.data[:position] + bytes((byte,)) + op.data[position + 1 :])
    with pytest.raises(Unverified):
        verified(chain, HERE, forged)


@given(data=st.data())
def test_a_cut_proof_is_refused(chain: ProvenChain, data: st.DataObject) -> None:
    answer = chain.answer(data.draw(st.sampled_from([HERE, NOT_HERE])))
    index = data.draw(st.integers(0, len(answer.ops) - 1))
    length = data.draw(st.integers(0, max(0, len(answer.ops[index].data) - 1)))
    if len(answer.ops[index].data) == length:
        return
    with pytest.raises(Unverified):
        verified(chain, HERE, replaced(answer, index, data=answer.ops[index].data[:length]))


def test_the_proof_of_an_item_is_small(chain: ProvenChain) -> None:
    answer = chain.answer(HERE)
    assert [op.type for op in answer.ops] == [VALUE_OPERATOR] * 3
    assert sum(len(op.type) + len(op.key) + len(op.data) for op in answer.ops) + len(answer.value) < 3000


def test_the_trusted_chain_is_the_tests_own(chain: ProvenChain) -> None:
    assert chain.anchor.chain_id == world.CHAIN_ID
