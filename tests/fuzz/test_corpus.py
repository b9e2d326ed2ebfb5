"""Every target takes its corpus, and some thousand changes of it, on any Python."""

from __future__ import annotations

from random import Random

import pytest

from node.gateway.event_service import checked_addresses
from node.gateway.refusals import CallRefused
from tests.fuzz.corpus import inputs_of, mutated
from tests.fuzz.finding import FuzzFinding, hold
from tests.fuzz.targets import TARGETS, Target, target
from tests.light.golden_chain import golden_blocks
from wire.light.proto_form import light_block_from_proto, light_block_to_proto
from wire.unverified import Unverified

CHANGES = 400


@pytest.mark.parametrize("one", TARGETS, ids=lambda one: one.name)
def test_a_target_takes_its_corpus_and_changes_of_it(one: Target) -> None:
    inputs = inputs_of(one.name)
    assert len(inputs) >= 3
    for data in (b"", *inputs):
        one.run(data)
    random = Random(1)
    for _ in range(CHANGES):
        one.run(mutated(random, inputs))


@pytest.mark.parametrize("seconds", [-62_135_596_801, 253_402_300_800, 2**62])
def test_a_light_block_of_no_date_is_malformed(seconds: int) -> None:
    """Found by fuzzing: such a time could be read, and then not be written into a proof file."""
    message = light_block_to_proto(next(iter(golden_blocks().values())))
    message.signed_header.header.time.seconds = seconds
    with pytest.raises(Unverified, match="no date"):
        light_block_from_proto(message)


def test_a_refused_filter_is_not_sent_back_whole() -> None:
    """Found by fuzzing: a refusal travels in a header of bounded size, and held an address of any length."""
    with pytest.raises(CallRefused) as refused:
        checked_addresses("accounts", [bytes(100_000)])
    assert "100000 bytes" in refused.value.message
    assert len(refused.value.message) < 200


def test_a_finding_has_the_bytes_that_show_it() -> None:
    with pytest.raises(FuzzFinding, match="nothing is true: 0a0b"):
        hold(False, "nothing is true", b"\x0a\x0b")
    with pytest.raises(StopIteration):
        target("nothing")
