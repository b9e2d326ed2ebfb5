"""Every target takes its corpus, and some thousand changes of it, on any Python."""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz.corpus import inputs_of, mutated
from tests.fuzz.finding import FuzzFinding, hold
from tests.fuzz.targets import TARGETS, Target, target

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


def test_a_finding_has_the_bytes_that_show_it() -> None:
    with pytest.raises(FuzzFinding, match="nothing is true: 0a0b"):
        hold(False, "nothing is true", b"\x0a\x0b")
    with pytest.raises(StopIteration):
        target("nothing")
