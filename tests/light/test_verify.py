"""What a light client refuses, and by which reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.light.made import (
    BLOCK_SECONDS,
    CHAIN_ID,
    GENESIS_NS,
    chain_of,
    genesis_of,
    key,
    made_header,
    signed,
    time_ns_of,
    validator_set,
)
from wire.light.block import BlockId, LightBlock, Validator, VoteFor
from wire.light.hashing import NANOSECONDS, validators_hash
from wire.light.verify import MAX_VALIDATORS, Anchor, Trust, anchor_of, check_trust, verify
from wire.unverified import Reason, Unverified

FOUR = {0: 10, 1: 10, 2: 10, 3: 10}
OTHERS = {4: 10, 5: 10, 6: 10, 7: 10}
BLOCKS = chain_of([FOUR] * 12)
NOW_NS = time_ns_of(12) + NANOSECONDS
TRUST = Trust(period_s=3600)
GENESIS = genesis_of(FOUR)


def changed(block: LightBlock, **fields: Any) -> LightBlock:
    """The same commit over another header."""
    return block._replace(header=block.header._replace(**fields))


def resigned(**fields: Any) -> LightBlock:
    """Height 10 with another header, signed by all."""
    return signed(made_header(10, FOUR)._replace(**fields), FOUR)


def with_signature(block: LightBlock, index: int, **fields: Any) -> LightBlock:
    signatures = list(block.commit.signatures)
    signatures[index] = signatures[index]._replace(**fields)
    return block._replace(commit=block.commit._replace(signatures=tuple(signatures)))


def with_votes_twice(block: LightBlock) -> LightBlock:
    """Two votes of the same validator in the places of two."""
    first = block.commit.signatures[0]
    return with_signature(block, 1, **first._asdict())


class Attack(NamedTuple):
    """What is passed off as height 10, and why it is refused."""

    name: str
    make: Callable[[], LightBlock]
    reason: Reason
    anchor: Anchor = GENESIS


TEN = BLOCKS[10]
ATTACKS = (
    Attack("another app hash", lambda: changed(TEN, app_hash=bytes(32)), Reason.FORGED_HEADER),
    Attack("another time", lambda: changed(TEN, time_ns=TEN.header.time_ns + 1), Reason.FORGED_HEADER),
    Attack("another height", lambda: changed(TEN, height=11), Reason.FORGED_HEADER),
    Attack("another chain", lambda: chain_of([FOUR] * 10, "other")[10], Reason.WRONG_CHAIN),
    Attack(
        "a vote of another chain",
        lambda: with_signature(TEN, 0, signature=chain_of([FOUR] * 10, "other")[10].commit.signatures[0].signature),
        Reason.BAD_SIGNATURE,
    ),
    Attack("validators of one's own", lambda: signed(made_header(10, OTHERS), OTHERS), Reason.NOT_ENOUGH_TRUST),
    Attack(
        "validators of one's own beside the old ones' names",
        lambda: signed(made_header(10, FOUR), FOUR)._replace(validators=validator_set(OTHERS)),
        Reason.FORGED_VALIDATORS,
    ),
    Attack(
        "a power raised",
        lambda: TEN._replace(validators=(TEN.validators[0]._replace(power=11), *TEN.validators[1:])),
        Reason.FORGED_VALIDATORS,
    ),
    Attack(
        "validators that nobody announced, right after",
        lambda: signed(made_header(10, OTHERS), OTHERS),
        Reason.FORGED_VALIDATORS,
        anchor_of(BLOCKS[9]),
    ),
    Attack("two of four signed", lambda: signed(made_header(10, FOUR), FOUR, [0, 1]), Reason.NOT_ENOUGH_POWER),
    Attack("one of four signed", lambda: signed(made_header(10, FOUR), FOUR, [0]), Reason.NOT_ENOUGH_TRUST),
    Attack("nobody signed", lambda: signed(made_header(10, FOUR), FOUR, []), Reason.NOT_ENOUGH_TRUST),
    Attack(
        "a signature of another block",
        lambda: with_signature(TEN, 0, signature=BLOCKS[9].commit.signatures[0].signature),
        Reason.BAD_SIGNATURE,
    ),
    Attack(
        "a signature with a bit changed",
        lambda: with_signature(TEN, 2, signature=b"\x01" + TEN.commit.signatures[2].signature[1:]),
        Reason.BAD_SIGNATURE,
    ),
    Attack(
        "one validator's vote in two places", lambda: with_votes_twice(TEN), Reason.BAD_SIGNATURE, anchor_of(BLOCKS[9])
    ),
    Attack("votes for nothing", lambda: with_signature(TEN, 0, vote=VoteFor.UNKNOWN), Reason.MALFORMED),
    Attack("a cut signature", lambda: with_signature(TEN, 0, signature=b"\x00" * 63), Reason.MALFORMED),
    Attack("a cut address", lambda: with_signature(TEN, 0, validator_address=b""), Reason.MALFORMED),
    Attack(
        "a signature missing from the commit",
        lambda: TEN._replace(commit=TEN.commit._replace(signatures=TEN.commit.signatures[:-1])),
        Reason.FORGED_VALIDATORS,
    ),
    Attack("no validators", lambda: TEN._replace(validators=()), Reason.MALFORMED),
    Attack(
        "more validators than there can be",
        lambda: TEN._replace(validators=TEN.validators * (MAX_VALIDATORS // 4 + 1)),
        Reason.OVERSIZED,
    ),
    Attack(
        "more signatures than there can be",
        lambda: TEN._replace(commit=TEN.commit._replace(signatures=TEN.commit.signatures * (MAX_VALIDATORS // 4 + 1))),
        Reason.OVERSIZED,
    ),
    Attack("a validator twice", lambda: TEN._replace(validators=TEN.validators[:1] * 4), Reason.MALFORMED),
    Attack(
        "a validator of no power",
        lambda: TEN._replace(validators=(Validator(bytes(32), 0), *TEN.validators)),
        Reason.MALFORMED,
    ),
    Attack(
        "more power than numbers hold",
        lambda: TEN._replace(validators=tuple(v._replace(power=1 << 59) for v in TEN.validators)),
        Reason.MALFORMED,
    ),
    Attack("a commit of another height", lambda: TEN._replace(commit=BLOCKS[9].commit), Reason.FORGED_HEADER),
    Attack("a round below 0", lambda: TEN._replace(commit=TEN.commit._replace(round=-1)), Reason.MALFORMED),
    Attack(
        "a commit to nothing", lambda: TEN._replace(commit=TEN.commit._replace(block_id=BlockId())), Reason.MALFORMED
    ),
    Attack("another block format", lambda: resigned(version_block=10), Reason.MALFORMED),
    Attack("a long chain name", lambda: changed(TEN, chain_id="x" * 51), Reason.WRONG_CHAIN),
    Attack("half a data hash", lambda: resigned(data_hash=bytes(16)), Reason.MALFORMED),
    Attack("no hash of validators", lambda: resigned(next_validators_hash=b""), Reason.MALFORMED),
    Attack("no proposer", lambda: resigned(proposer_address=b""), Reason.MALFORMED),
    Attack("an old block for a newer one", lambda: BLOCKS[8], Reason.WRONG_HEIGHT, anchor_of(BLOCKS[8])),
    Attack(
        "a time before the trusted one",
        lambda: resigned(time_ns=time_ns_of(9)),
        Reason.TIME_NOT_AFTER,
        anchor_of(BLOCKS[9]),
    ),
    Attack("a time ahead of the clock", lambda: resigned(time_ns=NOW_NS + 10 * NANOSECONDS), Reason.FROM_THE_FUTURE),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_forged_block_is_refused_by_its_own_reason(attack: Attack) -> None:
    with pytest.raises(Unverified) as refused:
        verify(attack.anchor, attack.make(), TRUST, NOW_NS)
    assert refused.value.reason is attack.reason, refused.value.message


def test_a_chain_of_an_overlong_name_is_refused_even_when_it_is_asked_for() -> None:
    name = "x" * 51
    with pytest.raises(Unverified) as refused:
        verify(genesis_of(FOUR, name), chain_of([FOUR] * 2, name)[2], TRUST, NOW_NS)
    assert refused.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("height", [1, 2, 10])
def test_an_honest_block_is_believed_and_its_signers_are_named(height: int) -> None:
    signers = verify(GENESIS, BLOCKS[height], TRUST, NOW_NS)
    assert [signer.validator for signer in signers] == list(BLOCKS[height].validators)
    assert all(signer.time_ns > time_ns_of(height) for signer in signers)


def test_three_of_four_are_enough() -> None:
    assert len(verify(GENESIS, signed(made_header(10, FOUR), FOUR, [1, 2, 3]), TRUST, NOW_NS)) == 3


def test_a_vote_for_nil_counts_for_nothing() -> None:
    block = with_signature(signed(made_header(10, FOUR), FOUR, [0, 1, 2]), 0, vote=VoteFor.NIL)
    with pytest.raises(Unverified) as refused:
        verify(GENESIS, block, TRUST, NOW_NS)
    assert refused.value.reason is Reason.NOT_ENOUGH_POWER


def test_trust_ends_with_its_period_to_the_nanosecond() -> None:
    anchor, trust = anchor_of(BLOCKS[1]), Trust(period_s=500)
    end_ns = GENESIS_NS + 500 * NANOSECONDS
    verify(anchor, BLOCKS[10], trust, end_ns - 1)
    verify(anchor, BLOCKS[10], Trust(period_s=None), end_ns)
    with pytest.raises(Unverified) as refused:
        verify(anchor, BLOCKS[10], trust, end_ns)
    assert refused.value.reason is Reason.TRUST_EXPIRED
    assert "give height and hash" in refused.value.message


def test_a_header_may_be_as_far_ahead_of_the_clock_as_the_drift_allows() -> None:
    now_ns = time_ns_of(10) - TRUST.drift_s * NANOSECONDS
    verify(GENESIS, BLOCKS[10], TRUST, now_ns + 1)
    with pytest.raises(Unverified) as refused:
        verify(GENESIS, BLOCKS[10], TRUST, now_ns)
    assert refused.value.reason is Reason.FROM_THE_FUTURE


@pytest.mark.parametrize(("left", "enough"), [({0: 10, 1: 10, 8: 10}, True), ({0: 10, 8: 10, 9: 5}, False)])
def test_more_than_a_third_of_the_trusted_power_must_sign(left: dict[int, int], enough: bool) -> None:
    block = signed(made_header(10, left), left)
    if enough:
        verify(GENESIS, block, TRUST, NOW_NS)
        return
    with pytest.raises(Unverified) as refused:
        verify(GENESIS, block, TRUST, NOW_NS)
    assert refused.value.reason is Reason.NOT_ENOUGH_TRUST


def test_a_stricter_level_asks_for_more() -> None:
    block = signed(made_header(10, FOUR), FOUR, [1, 2, 3])
    with pytest.raises(Unverified) as refused:
        verify(GENESIS, block, TRUST._replace(level=(3, 4)), NOW_NS)
    assert refused.value.reason is Reason.NOT_ENOUGH_TRUST


@pytest.mark.parametrize(
    "trust",
    [Trust(level=(1, 4)), Trust(level=(4, 3)), Trust(level=(0, 1)), Trust(period_s=0), Trust(drift_s=-1)],
    ids=str,
)
def test_settings_that_trust_nobody_or_anybody_are_refused(trust: Trust) -> None:
    with pytest.raises(ValueError, match="give"):
        check_trust(trust)


@given(st.dictionaries(st.integers(0, 30), st.integers(1, 1000), min_size=1, max_size=12), st.data())
def test_a_commit_is_enough_exactly_when_more_than_two_thirds_signed(
    powers: dict[int, int], data: st.DataObject
) -> None:
    signers = data.draw(st.sets(st.sampled_from(sorted(powers))))
    block = signed(made_header(1, powers), powers, sorted(signers))
    enough = 3 * sum(powers[number] for number in signers) > 2 * sum(powers.values())
    if not enough:
        with pytest.raises(Unverified) as refused:
            verify(genesis_of(powers), block, TRUST, NOW_NS)
        assert refused.value.reason is Reason.NOT_ENOUGH_POWER
        return
    found = verify(genesis_of(powers), block, TRUST, NOW_NS)
    assert {signer.validator.public_key for signer in found} == {bytes(key(n).verify_key) for n in signers}


@given(st.data())
def test_no_member_of_a_header_can_be_changed_unnoticed(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([n for n in TEN.header._fields if n not in ("chain_id", "last_block_id")]))
    value = getattr(TEN.header, name)
    if isinstance(value, int):
        other: object = data.draw(st.integers(1, 1 << 60).filter(lambda number: number != value))
    else:
        other = data.draw(st.binary(min_size=len(value), max_size=len(value)).filter(lambda drawn: drawn != value))
    with pytest.raises(Unverified):
        verify(GENESIS, changed(TEN, **{name: other}), TRUST, NOW_NS)


def test_the_made_chain_is_one() -> None:
    assert (TEN.header.chain_id, 10) == (CHAIN_ID, BLOCK_SECONDS)
    assert validators_hash(TEN.validators) == TEN.header.validators_hash
