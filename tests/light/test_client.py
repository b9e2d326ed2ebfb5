"""The client: skipping, witnesses, and what it does with providers that lie or fail."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.light.made import Blocks, Powers, chain_of, genesis_of, made_header, signed, time_ns_of
from wire.light.block import LightBlock
from wire.light.client import BlockUnavailable, Conflict, LightClient, anchor_at
from wire.light.hashing import NANOSECONDS, header_hash
from wire.light.verify import Anchor, Trust, anchor_of
from wire.unverified import Reason, Unverified

FOUR = {0: 10, 1: 10, 2: 10, 3: 10}
STEADY = chain_of([FOUR] * 100)
# One validator in four is replaced at every height.
MOVING = chain_of([dict.fromkeys(range(height, height + 4), 10) for height in range(64)])
GENESIS = genesis_of(FOUR)


def now_ns() -> int:
    return time_ns_of(100) + NANOSECONDS


def client(provider: Blocks, anchor: Anchor = GENESIS, *witnesses: Blocks) -> LightClient:
    return LightClient(provider, anchor, now_ns, witnesses=witnesses)


async def reason_of(one: LightClient, height: int) -> Reason:
    with pytest.raises(Unverified) as refused:
        await one.block_at(height)
    return refused.value.reason


def forked(height: int, powers: Powers, source: Mapping[int, LightBlock]) -> dict[int, LightBlock]:
    """A chain with another block at one height, signed as well."""
    header = made_header(height, powers)._replace(app_hash=b"\x07" * 32)
    return {**source, height: signed(header, powers)}


async def test_steady_validators_are_skipped_over_in_one_step() -> None:
    provider = Blocks(STEADY)
    found = await client(provider).block_at(100)
    assert found.block == STEADY[100]
    assert provider.asked == [100]
    assert found.trail == (STEADY[100],)


async def test_a_block_is_asked_for_once() -> None:
    provider = Blocks(STEADY)
    one = client(provider)
    assert await one.block_at(50) == await one.block_at(50)
    assert provider.asked == [50]
    assert one.newest == await one.block_at(50)


async def test_changing_validators_take_as_many_steps_as_they_need() -> None:
    provider = Blocks(MOVING)
    found = await client(provider).block_at(64)
    heights = [block.height for block in found.trail]
    assert heights == sorted(heights)
    assert heights[-1] == 64
    # More than a third of four must remain: two, so steps of two.
    assert all(later - earlier <= 3 for earlier, later in zip([0, *heights], heights, strict=False))


async def test_a_later_height_starts_from_what_was_verified_before() -> None:
    provider = Blocks(STEADY)
    one = client(provider)
    await one.block_at(10)
    found = await one.block_at(20)
    assert [block.height for block in found.trail] == [10, 20]


async def test_a_height_below_a_verified_one_is_verified_from_further_below() -> None:
    one = client(Blocks(STEADY))
    await one.block_at(20)
    assert (await one.block_at(10)).block == STEADY[10]


async def test_nothing_before_the_trusted_header_is_believed() -> None:
    one = client(Blocks(STEADY), anchor_of(STEADY[50]))
    assert await reason_of(one, 49) is Reason.BEFORE_TRUST


async def test_the_trusted_height_itself_must_have_the_trusted_hash() -> None:
    anchor = anchor_of(STEADY[50])
    assert (await client(Blocks(STEADY), anchor).block_at(50)).block == STEADY[50]
    assert await reason_of(client(Blocks(forked(50, FOUR, STEADY)), anchor), 50) is Reason.TRUST_MISMATCH


async def test_an_anchor_is_taken_only_by_its_hash() -> None:
    provider, digest = Blocks(STEADY), header_hash(STEADY[50].header)
    assert await anchor_at(provider, "made", 50, digest) == anchor_of(STEADY[50])
    for chain_id, height, other in (("made", 50, bytes(32)), ("made", 49, digest), ("other", 50, digest)):
        with pytest.raises(Unverified) as refused:
            await anchor_at(provider, chain_id, height, other)
        assert refused.value.reason in (Reason.TRUST_MISMATCH, Reason.WRONG_CHAIN)


async def test_another_height_than_asked_for_is_refused() -> None:
    assert await reason_of(client(Blocks(STEADY, lambda block: STEADY[5])), 10) is Reason.WRONG_HEIGHT


async def test_a_provider_that_has_no_block_is_no_liar() -> None:
    with pytest.raises(BlockUnavailable):
        await client(Blocks(STEADY)).block_at(101)


async def test_a_failure_leaves_the_client_as_it_was() -> None:
    one = client(Blocks(STEADY))
    await one.block_at(10)
    before = one.newest
    with pytest.raises(BlockUnavailable):
        await one.block_at(101)
    assert one.newest == before


async def test_trust_in_an_old_anchor_ends() -> None:
    one = LightClient(Blocks(STEADY), GENESIS, now_ns, trust=Trust(period_s=500))
    assert await reason_of(one, 100) is Reason.TRUST_EXPIRED


async def test_a_witness_that_agrees_is_heard() -> None:
    witness = Blocks(STEADY)
    assert (await client(Blocks(STEADY), GENESIS, witness).block_at(100)).block == STEADY[100]
    assert witness.asked == [100]


async def test_a_witness_with_another_header_of_the_same_validators_stops_everything() -> None:
    other = forked(100, FOUR, STEADY)
    one = client(Blocks(STEADY), GENESIS, Blocks(STEADY), Blocks(other))
    with pytest.raises(Conflict) as refused:
        await one.block_at(100)
    assert refused.value.reason is Reason.CONFLICTING_HEADERS
    assert (refused.value.first, refused.value.second) == (STEADY[100], other[100])
    assert one.newest is None


async def test_a_witness_that_makes_headers_up_is_not_believed() -> None:
    strangers = {4: 10, 5: 10, 6: 10}
    liar = Blocks(forked(100, strangers, STEADY))
    assert (await client(Blocks(STEADY), GENESIS, liar, Blocks(STEADY)).block_at(100)).block == STEADY[100]
    assert await reason_of(client(Blocks(STEADY), GENESIS, liar), 100) is Reason.NO_WITNESS


async def test_a_witness_must_answer_when_there_are_any() -> None:
    assert await reason_of(client(Blocks(STEADY), GENESIS, Blocks({})), 100) is Reason.NO_WITNESS


async def test_the_client_forgets_the_oldest_heights_and_not_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wire.light.client._REMEMBERED_BLOCKS", 3)
    provider = Blocks(STEADY)
    one = client(provider)
    for height in (10, 40, 30, 20):
        await one.block_at(height)
    assert one.newest == await one.block_at(40)
    provider.asked.clear()
    await one.block_at(10)
    assert provider.asked == [10]
