"""Light blocks as ``tendermint.types.LightBlock``, in which gateways pass them on."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from wire.gen.tendermint.crypto import keys_pb2
from wire.gen.tendermint.types import types_pb2 as pb
from wire.gen.tendermint.types import validator_pb2
from wire.gen.tendermint.version import types_pb2 as version_pb2
from wire.light.block import BlockId, Commit, CommitSignature, Header, LightBlock, Validator, VoteFor
from wire.light.hashing import NANOSECONDS, block_id_message, timestamp
from wire.unverified import Reason, Unverified

# What a Timestamp may hold (google/protobuf/timestamp.proto), and RFC 3339 can write.
_YEAR_1_S, _YEAR_10000_S = -62_135_596_800, 253_402_300_800


def light_block_to_proto(block: LightBlock) -> pb.LightBlock:
    """A light block as a message. Raises: ValueError when a number does not fit its field."""
    header, commit = block.header, block.commit
    validators = [
        validator_pb2.Validator(
            address=validator.address,
            pub_key=keys_pb2.PublicKey(ed25519=validator.public_key),
            voting_power=validator.power,
        )
        for validator in block.validators
    ]
    total = sum(validator.power for validator in block.validators)
    return pb.LightBlock(
        signed_header=pb.SignedHeader(
            header=pb.Header(
                version=version_pb2.Consensus(block=header.version_block, app=header.version_app),
                chain_id=header.chain_id,
                height=header.height,
                time=timestamp(header.time_ns),
                last_block_id=block_id_message(header.last_block_id),
                last_commit_hash=header.last_commit_hash,
                data_hash=header.data_hash,
                validators_hash=header.validators_hash,
                next_validators_hash=header.next_validators_hash,
                consensus_hash=header.consensus_hash,
                app_hash=header.app_hash,
                last_results_hash=header.last_results_hash,
                evidence_hash=header.evidence_hash,
                proposer_address=header.proposer_address,
            ),
            commit=pb.Commit(
                height=commit.height,
                round=commit.round,
                block_id=block_id_message(commit.block_id),
                signatures=[_signature_message(signature) for signature in commit.signatures],
            ),
        ),
        validator_set=validator_pb2.ValidatorSet(validators=validators, total_voting_power=total),
    )


def light_block_from_proto(message: pb.LightBlock) -> LightBlock:
    """Read a light block. Raises: Unverified MALFORMED for keys that are not Ed25519, unknown votes and bad times."""
    header, commit = message.signed_header.header, message.signed_header.commit
    return LightBlock(
        Header(
            version_block=header.version.block,
            version_app=header.version.app,
            chain_id=header.chain_id,
            height=header.height,
            time_ns=_time_ns(header.time),
            last_block_id=_block_id(header.last_block_id),
            last_commit_hash=header.last_commit_hash,
            data_hash=header.data_hash,
            validators_hash=header.validators_hash,
            next_validators_hash=header.next_validators_hash,
            consensus_hash=header.consensus_hash,
            app_hash=header.app_hash,
            last_results_hash=header.last_results_hash,
            evidence_hash=header.evidence_hash,
            proposer_address=header.proposer_address,
        ),
        Commit(
            commit.height,
            commit.round,
            _block_id(commit.block_id),
            tuple(_signature(signature) for signature in commit.signatures),
        ),
        tuple(_validator(validator) for validator in message.validator_set.validators),
    )


def _signature_message(signature: CommitSignature) -> pb.CommitSig:
    return pb.CommitSig(
        block_id_flag=validator_pb2.BlockIDFlag.ValueType(signature.vote),
        validator_address=signature.validator_address,
        timestamp=timestamp(signature.time_ns),
        signature=signature.signature,
    )


def _signature(message: pb.CommitSig) -> CommitSignature:
    try:
        vote = VoteFor(message.block_id_flag)
    except ValueError:
        raise Unverified(Reason.MALFORMED, f"a vote of kind {message.block_id_flag}") from None
    return CommitSignature(vote, message.validator_address, _time_ns(message.timestamp), message.signature)


def _validator(message: validator_pb2.Validator) -> Validator:
    if message.pub_key.WhichOneof("sum") != "ed25519":
        raise Unverified(Reason.MALFORMED, "a validator's key that is not Ed25519: this verifies no other")
    return Validator(message.pub_key.ed25519, message.voting_power)


def _block_id(message: pb.BlockID) -> BlockId:
    return BlockId(message.hash, message.part_set_header.total, message.part_set_header.hash)


def _time_ns(message: Timestamp) -> int:
    if not 0 <= message.nanos < NANOSECONDS:
        raise Unverified(Reason.MALFORMED, f"a time with {message.nanos} nanoseconds")
    if not _YEAR_1_S <= message.seconds < _YEAR_10000_S:
        raise Unverified(Reason.MALFORMED, f"a time {message.seconds} s from 1970: no date, which has a year to 9999")
    return message.seconds * NANOSECONDS + message.nanos
