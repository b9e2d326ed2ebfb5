"""Proof files whose header other validators signed than those that are trusted: a trail leads to them."""

from __future__ import annotations

import pytest

from tests.light.made import chain_of, genesis_of, made_header, signed, time_ns_of
from tests.proofs.proven_chain import ProvenChain
from wire import state_keys as at
from wire.light.block import LightBlock
from wire.light.hashing import NANOSECONDS, header_hash
from wire.light.verify import Anchor, Trust
from wire.proof_file import (
    FiledItem,
    ProofFile,
    TrustedHash,
    check_proof_file,
    parse_proof_file,
    proof_file_text,
)
from wire.unverified import Reason, Unverified

# One validator in four is replaced at every height.
SETS = [dict.fromkeys(range(height, height + 4), 10) for height in range(12)]
LAST = len(SETS)
BLOCKS = chain_of(SETS)
NOW_NS = time_ns_of(LAST) + NANOSECONDS
GENESIS = genesis_of(SETS[0])


@pytest.fixture(scope="module")
def file() -> ProofFile:
    """A grid's record of the real application, under the last of these headers."""
    chain = ProvenChain()
    chain.block()
    item = at.GRIDS.at(at.grid_prefix("lilas"))
    answer = chain.answer(item)
    header = made_header(LAST, SETS[-1])._replace(app_hash=chain.app_hash(answer.height))
    block = signed(header, SETS[-1])
    filed = FiledItem(item.store, item.key, answer.value, answer.ops)
    return ProofFile("item", "made", LAST - 1, (filed,), block, trail_from(2))


def trail_from(height: int) -> tuple[LightBlock, ...]:
    return tuple(BLOCKS[number] for number in range(height, LAST, 2))


def refused(file: ProofFile, trusted: Anchor | TrustedHash, trust: Trust | None = None) -> Reason:
    with pytest.raises(Unverified) as refusal:
        check_proof_file(file, trusted, trust or Trust(), NOW_NS)
    return refusal.value.reason


def hash_at(height: int) -> TrustedHash:
    return TrustedHash(height, header_hash(BLOCKS[height].header))


def test_a_trail_leads_from_the_genesis_to_validators_that_it_does_not_know(file: ProofFile) -> None:
    checked = check_proof_file(file, GENESIS, Trust(), NOW_NS)
    known = {validator.public_key for validator in GENESIS.validators}
    assert len(checked.signers) == 4
    assert not known & {signer.validator.public_key for signer in checked.signers}


@pytest.mark.parametrize("height", [2, 6, 10])
def test_a_trail_leads_from_any_header_on_it(file: ProofFile, height: int) -> None:
    assert check_proof_file(file, hash_at(height), Trust(), NOW_NS).signers


def test_the_last_headers_own_hash_is_enough(file: ProofFile) -> None:
    trusted = TrustedHash(LAST, header_hash(file.block.header))
    assert len(check_proof_file(file._replace(trail=()), trusted, Trust(), NOW_NS).signers) == 4


def test_without_its_trail_the_header_follows_from_nothing(file: ProofFile) -> None:
    assert refused(file._replace(trail=()), GENESIS) is Reason.NOT_ENOUGH_TRUST
    assert refused(file._replace(trail=trail_from(8)), GENESIS) is Reason.NOT_ENOUGH_TRUST
    assert refused(file, hash_at(3)) is Reason.BEFORE_TRUST


def test_a_trail_in_another_order_is_refused(file: ProofFile) -> None:
    assert refused(file._replace(trail=file.trail[::-1]), GENESIS) is Reason.MALFORMED
    assert refused(file._replace(trail=(*file.trail, file.trail[-1])), GENESIS) is Reason.MALFORMED


def test_a_forged_header_on_the_trail_is_refused(file: ProofFile) -> None:
    first = file.trail[0]
    forged = first._replace(header=first.header._replace(next_validators_hash=bytes(32)))
    assert refused(file._replace(trail=(forged, *file.trail[1:])), GENESIS) is Reason.FORGED_HEADER


def test_trust_that_has_ended_is_refused_where_an_end_is_asked_for(file: ProofFile) -> None:
    assert refused(file, GENESIS, Trust(period_s=60)) is Reason.TRUST_EXPIRED


def test_a_file_comes_back_from_its_text(file: ProofFile) -> None:
    assert parse_proof_file(proof_file_text(file).encode()) == file
