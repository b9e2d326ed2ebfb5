"""Chains made up for tests: real signatures over headers of any content, by validators of any number and power."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from nacl.signing import SigningKey

from wire.light.block import BlockId, Commit, CommitSignature, Header, LightBlock, Validator, VoteFor
from wire.light.client import BlockUnavailable
from wire.light.hashing import NANOSECONDS, header_hash, sign_bytes, validators_hash
from wire.light.verify import Anchor

CHAIN_ID = "made"
GENESIS_NS = 1_800_000_000 * NANOSECONDS
BLOCK_SECONDS = 10
Powers = Mapping[int, int]
"""The powers of validators by number."""


@cache
def key(number: int) -> SigningKey:
    return SigningKey(hashlib.sha256(b"validator %d" % number).digest())


def validator_set(powers: Powers) -> tuple[Validator, ...]:
    """A set in its order."""
    members = [Validator(bytes(key(number).verify_key), power) for number, power in powers.items()]
    return tuple(sorted(members, key=lambda member: (-member.power, member.address)))


def genesis_of(powers: Powers, chain_id: str = CHAIN_ID) -> Anchor:
    members = validator_set(powers)
    return Anchor(chain_id, 0, GENESIS_NS, b"", members, validators_hash(members))


def time_ns_of(height: int) -> int:
    return GENESIS_NS + (height - 1) * BLOCK_SECONDS * NANOSECONDS


def made_header(height: int, powers: Powers, following: Powers | None = None, chain_id: str = CHAIN_ID) -> Header:
    """A header; ``following`` are the next height's validators where they change."""
    return Header(
        version_block=11,
        version_app=1,
        chain_id=chain_id,
        height=height,
        time_ns=time_ns_of(height),
        last_block_id=BlockId() if height == 1 else BlockId(_hash("block", height - 1), 1, _hash("parts", height - 1)),
        last_commit_hash=_hash("commit", height),
        data_hash=_hash("data", height),
        validators_hash=validators_hash(validator_set(powers)),
        next_validators_hash=validators_hash(validator_set(following or powers)),
        consensus_hash=_hash("consensus", 0),
        app_hash=_hash("app", height),
        last_results_hash=_hash("results", height),
        evidence_hash=hashlib.sha256(b"").digest(),
        proposer_address=validator_set(powers)[0].address,
    )


def signed(header: Header, powers: Powers, signers: Sequence[int] | None = None, round_: int = 0) -> LightBlock:
    """A header signed by some of a set's validators, all by default."""
    numbers = {bytes(key(number).verify_key): number for number in powers}
    voters = set(powers if signers is None else signers)
    members = validator_set(powers)
    commit = Commit(header.height, round_, BlockId(header_hash(header), 1, _hash("parts", header.height)), ())
    signatures = []
    for position, member in enumerate(members):
        number = numbers[member.public_key]
        if number not in voters:
            signatures.append(CommitSignature(VoteFor.ABSENT, b"", -62_135_596_800 * NANOSECONDS, b""))
            continue
        vote = CommitSignature(VoteFor.BLOCK, member.address, header.time_ns + position + 1, b"")
        signature = key(number).sign(sign_bytes(header.chain_id, commit, vote)).signature
        signatures.append(vote._replace(signature=signature))
    return LightBlock(header, commit._replace(signatures=tuple(signatures)), members)


def chain_of(sets: Sequence[Powers], chain_id: str = CHAIN_ID) -> dict[int, LightBlock]:
    """A block for each set of validators, from height 1 on."""
    blocks = {}
    for height, powers in enumerate(sets, 1):
        following = sets[height] if height < len(sets) else powers
        blocks[height] = signed(made_header(height, powers, following, chain_id), powers)
    return blocks


class Blocks:
    """A provider of given blocks, which counts how often it is asked."""

    def __init__(
        self, blocks: Mapping[int, LightBlock], change: Callable[[LightBlock], LightBlock] | None = None
    ) -> None:
        self._blocks = blocks
        self._change = change
        self.asked: list[int] = []

    async def light_block(self, height: int) -> LightBlock:
        self.asked.append(height)
        if height not in self._blocks:
            raise BlockUnavailable(f"no block {height}")
        block = self._blocks[height]
        return self._change(block) if self._change else block


def _hash(what: str, height: int) -> bytes:
    return hashlib.sha256(f"{what} {height}".encode()).digest()
