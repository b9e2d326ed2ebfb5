"""Hashes, signatures and verification against blocks that a real CometBFT made while its validators changed."""

from __future__ import annotations

import pytest

from tests.light.golden_chain import golden, golden_blocks, golden_genesis
from tests.light.made import Blocks
from wire.light.block import VoteFor
from wire.light.client import LightClient
from wire.light.hashing import NANOSECONDS, header_hash, validators_hash
from wire.light.json_form import light_block_from_json, light_block_to_json
from wire.light.proto_form import light_block_from_proto, light_block_to_proto
from wire.light.verify import Trust, anchor_of, verify, verify_commit
from wire.unverified import Reason, Unverified

BLOCKS = golden_blocks()
LAST = max(BLOCKS)
NOW_NS = BLOCKS[LAST].header.time_ns + NANOSECONDS
TRUST = Trust()


def now_ns() -> int:
    return NOW_NS


@pytest.mark.parametrize("height", sorted(BLOCKS))
def test_header_and_validators_hash_to_what_the_validators_signed(height: int) -> None:
    block = BLOCKS[height]
    assert header_hash(block.header) == block.commit.block_id.hash
    assert validators_hash(block.validators) == block.header.validators_hash
    if height < LAST:
        assert BLOCKS[height + 1].header.last_block_id.hash == header_hash(block.header)
        assert BLOCKS[height + 1].header.validators_hash == block.header.next_validators_hash


@pytest.mark.parametrize("height", sorted(BLOCKS))
def test_every_signature_of_a_real_commit_verifies(height: int) -> None:
    block = BLOCKS[height]
    named = [s.validator_address for s in block.commit.signatures if s.vote is VoteFor.BLOCK]
    assert [signer.validator.address for signer in verify_commit(block)] == named


def test_the_recorded_chain_has_absent_votes_and_changing_validators() -> None:
    votes = {signature.vote for block in BLOCKS.values() for signature in block.commit.signatures}
    assert {VoteFor.ABSENT, VoteFor.BLOCK} <= votes
    assert {len(block.validators) for block in BLOCKS.values()} == {4, 3, 2, 1}


def test_the_genesis_validators_vouch_for_the_first_block() -> None:
    assert len(verify(golden_genesis(), BLOCKS[1], TRUST, NOW_NS)) >= 3


def test_each_block_vouches_for_the_next() -> None:
    for height in range(1, LAST):
        verify(anchor_of(BLOCKS[height]), BLOCKS[height + 1], TRUST, NOW_NS)


def test_too_few_validators_of_the_genesis_are_left_at_the_end() -> None:
    with pytest.raises(Unverified) as refused:
        verify(golden_genesis(), BLOCKS[LAST], TRUST, NOW_NS)
    assert refused.value.reason is Reason.NOT_ENOUGH_TRUST


async def test_the_client_finds_its_way_over_the_changes() -> None:
    provider = Blocks(BLOCKS)
    found = await LightClient(provider, golden_genesis(), now_ns).block_at(LAST)
    assert found.block == BLOCKS[LAST]
    assert [block.height for block in found.trail] == sorted({b.height for b in found.trail})
    assert 1 < len(found.trail) < LAST / 2
    assert len(provider.asked) < LAST


@pytest.mark.parametrize("height", sorted(BLOCKS))
def test_a_block_comes_back_from_json_and_from_protobuf(height: int) -> None:
    block = BLOCKS[height]
    assert light_block_from_json(light_block_to_json(block)) == block
    assert light_block_from_proto(light_block_to_proto(block)) == block


def test_our_json_names_and_values_are_cometbfts() -> None:
    theirs = golden()["blocks"][1]
    ours = light_block_to_json(light_block_from_json(theirs))
    assert ours["signed_header"].keys() == theirs["signed_header"].keys()
    assert ours["signed_header"]["commit"]["block_id"] == theirs["signed_header"]["commit"]["block_id"]
    times = {"time"}
    assert {k: v for k, v in ours["signed_header"]["header"].items() if k not in times} == {
        k: v for k, v in theirs["signed_header"]["header"].items() if k not in times
    }
    assert [v["pub_key"] for v in ours["validators"]] == [v["pub_key"] for v in theirs["validators"]]
