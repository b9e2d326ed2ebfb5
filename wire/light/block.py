"""Light blocks: a header, the commit that signs it, and the validators of its height (CometBFT ``types/light.go``)."""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import NamedTuple

HASH_BYTES = 32
ADDRESS_BYTES = 20
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


class BlockId(NamedTuple):
    """A block by its header's hash, and by the parts that it is passed around in; empty before the first."""

    hash: bytes = b""
    parts_total: int = 0
    parts_hash: bytes = b""


class Header(NamedTuple):
    """A block's header; times are nanoseconds since 1970. ``app_hash`` is the state after the block before."""

    version_block: int
    version_app: int
    chain_id: str
    height: int
    time_ns: int
    last_block_id: BlockId
    last_commit_hash: bytes
    data_hash: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    consensus_hash: bytes
    app_hash: bytes
    last_results_hash: bytes
    evidence_hash: bytes
    proposer_address: bytes


class VoteFor(IntEnum):
    """What a validator's precommit was for (``BlockIDFlag``)."""

    UNKNOWN = 0
    ABSENT = 1
    BLOCK = 2
    NIL = 3


class CommitSignature(NamedTuple):
    """One validator's precommit; everything but ``vote`` is empty when it is absent."""

    vote: VoteFor
    validator_address: bytes
    time_ns: int
    signature: bytes


class Commit(NamedTuple):
    """The precommits of a block, in the order of its validators."""

    height: int
    round: int
    block_id: BlockId
    signatures: tuple[CommitSignature, ...]


class Validator(NamedTuple):
    """A validator's Ed25519 key (32 bytes) and voting power."""

    public_key: bytes
    power: int

    @property
    def address(self) -> bytes:
        """The first 20 bytes of SHA-256 of the key."""
        return hashlib.sha256(self.public_key).digest()[:ADDRESS_BYTES]


class LightBlock(NamedTuple):
    """What somebody says that a height's header is. Nothing of it is verified."""

    header: Header
    commit: Commit
    validators: tuple[Validator, ...]

    @property
    def height(self) -> int:
        """The header's height."""
        return self.header.height
