"""The bytes that are hashed and signed, as CometBFT encodes them (``types/block.go``, ``types/canonical.go``)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from google.protobuf import wrappers_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from wire.codec import encode_varint
from wire.gen.tendermint.crypto import keys_pb2
from wire.gen.tendermint.types import canonical_pb2, types_pb2, validator_pb2
from wire.gen.tendermint.version import types_pb2 as version_pb2
from wire.light.block import BlockId, Commit, CommitSignature, Header, Validator, VoteFor
from wire.merkle import root_of

NANOSECONDS = 1_000_000_000


def header_hash(header: Header) -> bytes:
    """The root over the header's 14 members."""
    members = (
        _bytes_of(version_pb2.Consensus(block=header.version_block, app=header.version_app)),
        _bytes_of(wrappers_pb2.StringValue(value=header.chain_id)),
        _bytes_of(wrappers_pb2.Int64Value(value=header.height)),
        _bytes_of(timestamp(header.time_ns)),
        _bytes_of(block_id_message(header.last_block_id)),
        _wrapped(header.last_commit_hash),
        _wrapped(header.data_hash),
        _wrapped(header.validators_hash),
        _wrapped(header.next_validators_hash),
        _wrapped(header.consensus_hash),
        _wrapped(header.app_hash),
        _wrapped(header.last_results_hash),
        _wrapped(header.evidence_hash),
        _wrapped(header.proposer_address),
    )
    return root_of([_leaf_hash(member) for member in members])


def validators_hash(validators: Sequence[Validator]) -> bytes:
    """The root over the keys and powers of a set, in its order."""
    return root_of([_leaf_hash(_validator_bytes(validator)) for validator in validators])


def sign_bytes(chain_id: str, commit: Commit, signature: CommitSignature) -> bytes:
    """What a validator signs with its precommit: the canonical vote behind its length."""
    vote = canonical_pb2.CanonicalVote(
        type=types_pb2.SIGNED_MSG_TYPE_PRECOMMIT, height=commit.height, round=commit.round, chain_id=chain_id
    )
    if signature.vote is VoteFor.BLOCK:
        parts = vote.block_id.part_set_header
        vote.block_id.hash = commit.block_id.hash
        parts.SetInParent()
        parts.total, parts.hash = commit.block_id.parts_total, commit.block_id.parts_hash
    vote.timestamp.CopyFrom(timestamp(signature.time_ns))
    data = _bytes_of(vote)
    return encode_varint(len(data)) + data


def timestamp(time_ns: int) -> Timestamp:
    """A time as CometBFT writes it: seconds, negative before 1970, and the nanoseconds after them."""
    seconds, nanos = divmod(time_ns, NANOSECONDS)
    return Timestamp(seconds=seconds, nanos=nanos)


def block_id_message(block_id: BlockId) -> types_pb2.BlockID:
    """A block id with its second member, even an empty one."""
    message = types_pb2.BlockID(hash=block_id.hash)
    message.part_set_header.SetInParent()
    message.part_set_header.total, message.part_set_header.hash = block_id.parts_total, block_id.parts_hash
    return message


def _validator_bytes(validator: Validator) -> bytes:
    key = keys_pb2.PublicKey(ed25519=validator.public_key)
    return _bytes_of(validator_pb2.SimpleValidator(pub_key=key, voting_power=validator.power))


def _wrapped(value: bytes) -> bytes:
    return _bytes_of(wrappers_pb2.BytesValue(value=value))


def _bytes_of(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def _leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()
