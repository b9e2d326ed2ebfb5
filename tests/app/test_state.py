"""Overlays, collections, nonces, due work and numbers beside plain models."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abci_app.core.numbers import bounded, share, split_evenly
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.nonces import MAX_JUMP, WINDOW, use_nonce
from abci_app.state import overlay
from abci_app.state.collection import Collection
from abci_app.state.due import schedule, take_due, unschedule
from abci_app.state.overlay import Committed, Overlay
from abci_app.state.store import MemoryStore
from wire.accounts import NonceWindow
from wire.chain import DueItem, Moment
from wire.codec import MAX_INT64, encode
from wire.ledger import Balance
from wire.results import Code

KEYS = st.sampled_from([b"", b"a", b"a\x00", b"a\xff", b"a\xffz", b"b", b"\xff", b"\xff\xff"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "read", "layer", "merge", "commit"]), KEYS, st.integers(0, 9))
)
VALUES = Collection("test", b"v", Balance)


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, prefix=KEYS, after=KEYS)
def test_layers_read_like_one_dictionary(steps: list[tuple[str, bytes, int]], prefix: bytes, after: bytes) -> None:
    store = MemoryStore()
    committed = Committed(store)
    layers = [Overlay(committed)]
    model: dict[bytes, int] = {}
    for what, key, number in steps:
        if what == "put":
            VALUES.put(layers[-1], key, Balance(number))
            model[key] = number
        elif what == "delete":
            VALUES.delete(layers[-1], key)
            model.pop(key, None)
        elif what == "read":
            # What was read before, there or not, is remembered below and must follow the commits.
            found = VALUES.get(layers[-1], key)
            assert (found and found.free_neur) == model.get(key)
        elif what == "layer":
            layers.append(Overlay(layers[-1]))
        elif what == "merge" and len(layers) > 1:
            layers.pop().merge_into(layers[-1])
        elif what == "commit" and len(layers) == 1:
            changes = layers[0].changes
            encoded = [(k, None if v is None else encode(v)) for k, v in changes.items()]
            store.write(encoded)
            committed.absorb(changes, encoded)
            layers = [Overlay(committed)]
    top = layers[-1]
    for key in (b"", b"a", b"a\xff", b"b", b"\xff"):
        found = VALUES.get(top, key)
        assert (found and found.free_neur) == model.get(key)
    expected = [(key, Balance(model[key])) for key in sorted(model) if key.startswith(prefix)]
    assert list(VALUES.items(top, prefix)) == expected
    later = [(key, value) for key, value in expected if key > after or not after]
    assert list(VALUES.items(top, prefix, after)) == later
    page, token = VALUES.page(top, prefix, after, 2)
    assert page == tuple(value for _, value in later[:2])
    assert token == (later[1][0] if len(later) > 2 else b"")


def test_the_cache_of_the_committed_state_is_bounded_and_forgets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "_CACHED_VALUES", 10)
    store = MemoryStore()
    store.write([(b"test/v%d" % n, encode(Balance(n))) for n in range(100)])
    committed = Committed(store)
    for n in (*range(100), *range(100)):
        assert VALUES.get(committed, b"%d" % n) == Balance(n)
    assert len(committed._cache) <= 10


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 300), st.integers(0, 3 * MAX_JUMP)), max_size=60))
def test_the_window_takes_what_a_set_of_used_nonces_takes(nonces: list[int]) -> None:
    window, used = NonceWindow(), set[int]()
    for nonce in nonces:
        highest = max(used, default=0)
        if nonce > highest + MAX_JUMP:
            expected = Code.NONCE_TOO_HIGH
        elif nonce == 0 or nonce <= highest - WINDOW:
            expected = Code.NONCE_TOO_OLD
        elif nonce in used:
            expected = Code.NONCE_USED
        else:
            expected = Code.OK
        if expected is Code.OK:
            window = use_nonce(window, nonce)
            used.add(nonce)
        else:
            with pytest.raises(Refusal) as caught:
                use_nonce(window, nonce)
            assert caught.value.code is expected
        assert window.highest == max(used, default=0)
        assert window.used_low < 1 << 64
        assert window.used_high < 1 << 64


@pytest.mark.parametrize("behind", [0, 1, 63, 64, 65, 126, 127, 128])
def test_the_window_ends_exactly_where_it_says(behind: int) -> None:
    window = use_nonce(NonceWindow(), 1_000)
    if behind in (0, 128):
        with pytest.raises(Refusal):
            use_nonce(window, 1_000 - behind)
        return
    window = use_nonce(window, 1_000 - behind)
    with pytest.raises(Refusal, match="used before"):
        use_nonce(window, 1_000 - behind)


def test_due_work_comes_by_time_then_moment_then_key_and_only_once() -> None:
    state = Overlay(Committed(MemoryStore()))
    items = [
        (Moment.MOMENT_SLOT_DEADLINE, 5, b"a"),
        (Moment.MOMENT_GATE, 5, b"b"),
        (Moment.MOMENT_GATE, 5, b"a"),
        (Moment.MOMENT_PAYOUT, 4, b""),
        (Moment.MOMENT_GATE, 256, b"x"),
        (Moment.MOMENT_GATE, 7, b"dropped"),
    ]
    for moment, time_s, key in items:
        schedule(state, moment, time_s, key)
        schedule(state, moment, time_s, key)
    unschedule(state, Moment.MOMENT_GATE, 7, b"dropped")
    unschedule(state, Moment.MOMENT_GATE, 8, b"was never there")
    assert take_due(state, 3) == []
    assert take_due(state, 7) == [
        DueItem(Moment.MOMENT_PAYOUT, 4, b""),
        DueItem(Moment.MOMENT_GATE, 5, b"a"),
        DueItem(Moment.MOMENT_GATE, 5, b"b"),
        DueItem(Moment.MOMENT_SLOT_DEADLINE, 5, b"a"),
    ]
    assert take_due(state, 255) == []
    assert [item.key for item in take_due(state, 256)] == [b"x"]


@given(st.integers(0, 10**12), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=3)), max_size=8))
def test_shares_are_whole_sum_up_and_differ_from_the_exact_ones_by_less_than_one(
    total: int, claims: list[tuple[int, bytes]]
) -> None:
    weights, ranks = [weight for weight, _ in claims], [rank for _, rank in claims]
    parts = share(total, weights, ranks)
    whole = sum(weights)
    if not whole:
        assert parts == [0] * len(weights)
        return
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1


def test_equal_remainders_go_by_rank() -> None:
    assert share(2, [1, 1, 1], [b"c", b"a", b"b"]) == [0, 1, 1]
    assert split_evenly(7, 3) == [3, 2, 2]
    assert split_evenly(0, 3) == [0, 0, 0]


@pytest.mark.parametrize("value", [MAX_INT64, -MAX_INT64, 0])
def test_what_fits_64_bits_passes(value: int) -> None:
    assert bounded(value, "x") == value


@pytest.mark.parametrize("value", [MAX_INT64 + 1, -MAX_INT64 - 1])
def test_what_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(Refusal, match="smaller amounts"):
        bounded(value, "x")
