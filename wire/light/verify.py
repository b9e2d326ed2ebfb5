"""Whether one header follows from another that is trusted (CometBFT ``light/verifier.go``, ``types/validation.go``).

All numbers are integers; "more than 2/3" is ``3 * signed > 2 * total``. Every signature for the block is verified,
not just enough of them, so that whoever is named as a signer did sign.
"""

from __future__ import annotations

from typing import NamedTuple

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from wire.light.block import (
    ADDRESS_BYTES,
    HASH_BYTES,
    PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
    Commit,
    CommitSignature,
    Header,
    LightBlock,
    Validator,
    VoteFor,
)
from wire.light.hashing import NANOSECONDS, header_hash, sign_bytes, validators_hash
from wire.unverified import Reason, Unverified

BLOCK_PROTOCOL = 11
MAX_CHAIN_ID_BYTES = 50
MAX_APP_HASH_BYTES = 64
# CometBFT's bounds: of votes in a set, and of the sum of powers.
MAX_VALIDATORS = 10_000
MAX_TOTAL_POWER = ((1 << 63) - 1) // 8


class Trust(NamedTuple):
    """How far trust in a header reaches.

    A header stays trusted for ``period_s`` after its own time, without end where that is None; a new one may be
    ``drift_s`` ahead of this machine's clock; it needs more than ``level`` (numerator, denominator; from 1/3 to 1) of
    the trusted validators' power.
    """

    period_s: int | None = 7 * 24 * 3600
    drift_s: int = 10
    level: tuple[int, int] = (1, 3)


class Anchor(NamedTuple):
    """A header that is trusted: by decision, or because it was verified. Of a genesis document it has height 0.

    ``validators`` are those of its height (for a genesis: of the first); ``hash`` is empty for a genesis.
    """

    chain_id: str
    height: int
    time_ns: int
    hash: bytes
    validators: tuple[Validator, ...]
    next_validators_hash: bytes


class Signer(NamedTuple):
    """A validator that signed a header, and when (nanoseconds since 1970, by its own clock)."""

    validator: Validator
    time_ns: int


def anchor_of(block: LightBlock) -> Anchor:
    """A verified block as what the next ones are verified from."""
    header = block.header
    return Anchor(
        header.chain_id,
        header.height,
        header.time_ns,
        header_hash(header),
        block.validators,
        header.next_validators_hash,
    )


def check_consistent(block: LightBlock, chain_id: str) -> bytes:
    """See that header, commit and validators belong together, whoever made them. Returns the header's hash.

    Raises: Unverified MALFORMED, OVERSIZED, WRONG_CHAIN, FORGED_HEADER, FORGED_VALIDATORS.
    """
    header, commit = block.header, block.commit
    if header.chain_id != chain_id:
        raise Unverified(Reason.WRONG_CHAIN, f"the header is of chain {header.chain_id!r}, not {chain_id!r}")
    _check_header(header)
    _check_commit(commit)
    _check_set(block.validators)
    if commit.height != header.height:
        text = f"the header is of height {header.height}, its commit of {commit.height}"
        raise Unverified(Reason.FORGED_HEADER, text)
    digest = header_hash(header)
    if commit.block_id.hash != digest:
        text = f"the header at {header.height} hashes to {digest.hex()}, signed is {commit.block_id.hash.hex()}"
        raise Unverified(Reason.FORGED_HEADER, text)
    if validators_hash(block.validators) != header.validators_hash:
        text = f"the validators given for height {header.height} are not those that its header names"
        raise Unverified(Reason.FORGED_VALIDATORS, text)
    return digest


def check_trust(trust: Trust) -> None:
    """Raises: ValueError for settings that trust nobody or anybody."""
    numerator, denominator = trust.level
    if not (0 < numerator <= denominator <= 3 * numerator):
        raise ValueError(f"trust level = {numerator}/{denominator}: give one from 1/3 to 1")
    if (trust.period_s is not None and trust.period_s <= 0) or trust.drift_s < 0:
        raise ValueError(f"period_s = {trust.period_s}, drift_s = {trust.drift_s}: give a period above 0, a drift >= 0")


def check_not_expired(anchor: Anchor, trust: Trust, now_ns: int) -> None:
    """Raises: Unverified TRUST_EXPIRED when an anchor is too old to begin from."""
    if trust.period_s is not None and anchor.time_ns + trust.period_s * NANOSECONDS <= now_ns:
        age_s = (now_ns - anchor.time_ns) // NANOSECONDS
        text = (
            f"the trusted header of height {anchor.height} is {age_s} s old, trust lasts {trust.period_s} s: "
            "give height and hash of a newer one from a source that you trust"
        )
        raise Unverified(Reason.TRUST_EXPIRED, text)


def verify(anchor: Anchor, block: LightBlock, trust: Trust, now_ns: int) -> tuple[Signer, ...]:
    """Verify a later block from a trusted one, adjacent or not. Returns who signed it.

    Raises: Unverified. NOT_ENOUGH_TRUST alone does not mean that the block is wrong: too few of the validators that
    were trusted are left, and a block between the two may show how they changed.
    """
    check_not_expired(anchor, trust, now_ns)
    check_consistent(block, anchor.chain_id)
    header, height = block.header, block.header.height
    if height <= anchor.height:
        text = f"height {height} does not come after the trusted one, {anchor.height}"
        raise Unverified(Reason.WRONG_HEIGHT, text)
    # The first block has the time of the genesis document itself.
    earliest_ns = anchor.time_ns + (0 if height == 1 else 1)
    if header.time_ns < earliest_ns:
        text = f"the header at {height} is not later than the trusted one at {anchor.height}"
        raise Unverified(Reason.TIME_NOT_AFTER, text)
    if header.time_ns >= now_ns + trust.drift_s * NANOSECONDS:
        ahead_s = (header.time_ns - now_ns) // NANOSECONDS
        text = f"the header at {height} is {ahead_s} s ahead of this machine's clock: is the clock right?"
        raise Unverified(Reason.FROM_THE_FUTURE, text)
    if height == anchor.height + 1:
        if header.validators_hash != anchor.next_validators_hash:
            text = f"the validators at {height} are not those that the trusted header at {anchor.height} announces"
            raise Unverified(Reason.FORGED_VALIDATORS, text)
        return verify_commit(block)
    return verify_commit(block, _check_trusted_power(anchor, block, trust))


def verify_commit(block: LightBlock, verified: frozenset[tuple[bytes, bytes]] = frozenset()) -> tuple[Signer, ...]:
    """See that more than 2/3 of a block's own validators signed it. Returns who did.

    ``verified``: public keys with their signatures in this commit that were verified already.

    Raises: Unverified FORGED_VALIDATORS, BAD_SIGNATURE, NOT_ENOUGH_POWER.
    """
    commit, chain_id = block.commit, block.header.chain_id
    if len(commit.signatures) != len(block.validators):
        text = f"{len(commit.signatures)} signatures for {len(block.validators)} validators at height {block.height}"
        raise Unverified(Reason.FORGED_VALIDATORS, text)
    signers: list[Signer] = []
    signed = 0
    for validator, signature in zip(block.validators, commit.signatures, strict=True):
        if signature.vote is not VoteFor.BLOCK:
            continue
        if signature.validator_address != validator.address:
            text = (
                f"a signature of {signature.validator_address.hex()} stands in the place of {validator.address.hex()}"
            )
            raise Unverified(Reason.BAD_SIGNATURE, text)
        if (validator.public_key, signature.signature) not in verified:
            _check_signature(chain_id, commit, signature, validator)
        signed += validator.power
        signers.append(Signer(validator, signature.time_ns))
    total = sum(validator.power for validator in block.validators)
    if 3 * signed <= 2 * total:
        text = f"{signed} of {total} power signed height {block.height}: more than two thirds are needed"
        raise Unverified(Reason.NOT_ENOUGH_POWER, text)
    return tuple(signers)


def _check_trusted_power(anchor: Anchor, block: LightBlock, trust: Trust) -> frozenset[tuple[bytes, bytes]]:
    """See that enough of the trusted validators signed. Returns which keys did, with their signatures.

    Raises: Unverified NOT_ENOUGH_TRUST, BAD_SIGNATURE.
    """
    verified: set[tuple[bytes, bytes]] = set()
    trusted = {validator.address: validator for validator in anchor.validators}
    signed = 0
    for signature in block.commit.signatures:
        if signature.vote is not VoteFor.BLOCK:
            continue
        # Taken out, so that nobody counts twice.
        validator = trusted.pop(signature.validator_address, None)
        if validator is not None:
            _check_signature(block.header.chain_id, block.commit, signature, validator)
            verified.add((validator.public_key, signature.signature))
            signed += validator.power
    total = sum(validator.power for validator in anchor.validators)
    numerator, denominator = trust.level
    if denominator * signed <= numerator * total:
        text = (
            f"{signed} of {total} power trusted at height {anchor.height} signed height {block.height}: "
            f"more than {numerator}/{denominator} is needed"
        )
        raise Unverified(Reason.NOT_ENOUGH_TRUST, text)
    return frozenset(verified)


def _check_signature(chain_id: str, commit: Commit, signature: CommitSignature, validator: Validator) -> None:
    try:
        VerifyKey(validator.public_key).verify(sign_bytes(chain_id, commit, signature), signature.signature)
    except (BadSignatureError, ValueError):
        text = f"the signature of validator {validator.address.hex()} at height {commit.height} is not its own"
        raise Unverified(Reason.BAD_SIGNATURE, text) from None


def _check_header(header: Header) -> None:
    if header.version_block != BLOCK_PROTOCOL:
        raise _malformed(f"version_block = {header.version_block}: this verifies block format {BLOCK_PROTOCOL}")
    if len(header.chain_id.encode()) > MAX_CHAIN_ID_BYTES:
        raise _malformed(f"chain_id has more than {MAX_CHAIN_ID_BYTES} bytes")
    if header.height < 1:
        raise _malformed(f"height = {header.height}: the first block has 1")
    optional = {
        "last_block_id.hash": header.last_block_id.hash,
        "last_block_id.parts_hash": header.last_block_id.parts_hash,
        "last_commit_hash": header.last_commit_hash,
        "data_hash": header.data_hash,
        "consensus_hash": header.consensus_hash,
        "last_results_hash": header.last_results_hash,
        "evidence_hash": header.evidence_hash,
    }
    for name, value in optional.items():
        if len(value) not in (0, HASH_BYTES):
            raise _malformed(f"{name} has {len(value)} bytes, not 0 or {HASH_BYTES}")
    for name, value in {
        "validators_hash": header.validators_hash,
        "next_validators_hash": header.next_validators_hash,
    }.items():
        if len(value) != HASH_BYTES:
            raise _malformed(f"{name} has {len(value)} bytes, not {HASH_BYTES}")
    # Its size is the application's affair; ours has 32 bytes, which proofs check by leading to it.
    if len(header.app_hash) > MAX_APP_HASH_BYTES:
        raise _malformed(f"app_hash has {len(header.app_hash)} bytes, more than {MAX_APP_HASH_BYTES}")
    if len(header.proposer_address) != ADDRESS_BYTES:
        raise _malformed(f"proposer_address has {len(header.proposer_address)} bytes, not {ADDRESS_BYTES}")


def _check_commit(commit: Commit) -> None:
    if len(commit.signatures) > MAX_VALIDATORS:
        raise Unverified(Reason.OVERSIZED, f"a commit of {len(commit.signatures)} signatures: at most {MAX_VALIDATORS}")
    if commit.round < 0:
        raise _malformed(f"commit.round = {commit.round}: rounds start at 0")
    if len(commit.block_id.hash) != HASH_BYTES or len(commit.block_id.parts_hash) != HASH_BYTES:
        raise _malformed(f"commit.block_id: both hashes have {HASH_BYTES} bytes")
    for signature in commit.signatures:
        if signature.vote is VoteFor.UNKNOWN:
            raise _malformed("commit.signatures: a vote for nothing known")
        if signature.vote is VoteFor.ABSENT:
            continue
        sizes = len(signature.validator_address), len(signature.signature)
        if sizes != (ADDRESS_BYTES, SIGNATURE_BYTES):
            raise _malformed(f"commit.signatures: an address of {sizes[0]} bytes with a signature of {sizes[1]}")


def _check_set(validators: tuple[Validator, ...]) -> None:
    if not 0 < len(validators) <= MAX_VALIDATORS:
        reason = Reason.OVERSIZED if validators else Reason.MALFORMED
        raise Unverified(reason, f"{len(validators)} validators: give 1 to {MAX_VALIDATORS}")
    if any(len(v.public_key) != PUBLIC_KEY_BYTES or v.power < 1 for v in validators):
        raise _malformed(f"validators: each has an Ed25519 key of {PUBLIC_KEY_BYTES} bytes and a power of at least 1")
    if sum(v.power for v in validators) > MAX_TOTAL_POWER:
        raise _malformed(f"validators: their power adds up to more than {MAX_TOTAL_POWER}")
    if len({v.public_key for v in validators}) != len(validators):
        raise _malformed("validators: one is there twice")


def _malformed(text: str) -> Unverified:
    return Unverified(Reason.MALFORMED, text)
