"""The fixed day of governance gives the same bytes in every release, and its queries are answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.app.test_goldens import ON_CHANGE
from tests.governance import day
from tests.governance.asked import ASKED
from wire.governance import Change, ProposalClosed, ProposalStatus


@pytest.fixture(scope="module")
def played() -> day.GovernedDay:
    return day.run()


def test_the_app_hash_and_the_moved_power_of_every_block_are_golden(played: day.GovernedDay) -> None:
    assert played.blocks == json.loads(day.HASHES.read_text()), ON_CHANGE


def test_every_collection_of_governance_has_its_golden_key_and_bytes(played: day.GovernedDay) -> None:
    assert day.examples(played) == json.loads(day.STORED.read_text()), ON_CHANGE


def test_every_kind_of_change_was_made_in_the_day(played: day.GovernedDay) -> None:
    closed = [event.proposal for event in played.events_of(ProposalClosed) if event.proposal is not None]
    done = [proposal.change for proposal in closed if proposal.status is ProposalStatus.PROPOSAL_STATUS_EXECUTED]
    made = {name for change in done for name, part in zip(Change._fields, change or (), strict=True) if part}
    # Nobody can leave a set in which one validator is too strong; other tests have one leave.
    assert made == set(Change._fields) - {"remove_validator"}


@pytest.mark.parametrize(("request_", "answer", "words"), ASKED, ids=lambda part: type(part).__name__)
def test_a_query_answers(played: day.GovernedDay, request_: Any, answer: Any, words: str) -> None:
    assert words in repr(played.query(request_, answer))
