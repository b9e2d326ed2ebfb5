"""The auditor agrees with a whole day and with every refusal, and names what was forged."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from unittest.mock import patch

import pytest

from node.audit import settling
from node.audit.audit import audit
from node.audit.finding import Finding
from node.audit.shares import by_largest_remainder
from node.audit.totals import totals
from node.history.errors import HistoryError
from node.history.span import Span
from tests.app import scenario
from tests.app.keyring import address
from tests.app.refusals import ROWS, Row
from tests.audit.recorded import MemorySource, recording
from tests.governance.day import run as governed_day
from wire.codec import encode
from wire.events import event_name
from wire.ledger import Moved, account_holder
from wire.results import Code
from wire.settlement import HouseholdSettled


@pytest.fixture
def day() -> MemorySource:
    with recording() as sources:
        scenario.run()
    return sources[-1]


async def found(source: MemorySource) -> Finding:
    finding = (await audit(source)).finding
    assert finding is not None
    return finding


async def test_a_day_that_touches_every_record_is_agreed_to_the_last_app_hash(day: MemorySource) -> None:
    audited = await audit(day)
    assert audited.finding is None
    assert (audited.blocks, audited.results_seen) == (len(day.blocks), len(day.blocks))
    sums = totals(audited.auditor.books)
    assert sums["minted_neur"] == sums["held_neur"] > 0
    assert sums["certified_wh"] > sums["retired_wh"] > 0
    assert sums["owed_neur"] > 0
    assert (await audit(day, until=20)).height == 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code.name}-{row.sentence}")
async def test_every_refusal_is_predicted(row: Row) -> None:
    with recording() as sources:
        chain = row.chain()
        # What keeps a transaction out of the mempool may keep it out of a block that a faulty proposer made, too.
        chain.block(row.make(chain))
    source = sources[-1]
    assert (await audit(source)).finding is None
    if row.code is not Code.QUOTA_EXCEEDED:
        assert source.answers[-1].tx_results[-1].code == row.code


async def test_a_day_of_operators_decisions_and_of_misbehaviour_is_agreed() -> None:
    with recording() as sources:
        governed_day()
    assert (await audit(sources[-1])).finding is None
    update = next(answer for answer in sources[-1].answers if answer.validator_updates).validator_updates[0]
    update.power += 1
    assert (await found(sources[-1])).what == "validators' powers"


def heights_of(source: MemorySource, cls: type[object]) -> list[int]:
    name = event_name(cls)
    return [
        height
        for height, answer in enumerate(source.answers, 1)
        if any(event.type == name for event in [*answer.events, *(e for r in answer.tx_results for e in r.events)])
    ]


async def test_a_nano_euro_in_an_event_is_named_with_block_transaction_and_account(day: MemorySource) -> None:
    height, index = next(
        (height, index)
        for height, answer in enumerate(day.answers, 1)
        for index, result in enumerate(answer.tx_results)
        if result.events and result.events[0].type == event_name(Moved)
    )
    event = day.answers[height - 1].tx_results[index].events[0]
    forged = Moved(account_holder(address("ann")), account_holder(address("bob")), 8, "transfer")
    event.attributes[0].value = b64encode(encode(forged)).decode()
    finding = await found(day)
    assert (finding.height, finding.transaction, finding.what) == (height, index, "event 0")
    assert finding.account
    assert "amount_neur = 8" in finding.found


async def test_a_settlement_that_pays_too_much_is_named_in_the_block_that_settled(day: MemorySource) -> None:
    height = heights_of(day, HouseholdSettled)[0]
    answer = day.answers[height - 1]
    number, event = next((n, e) for n, e in enumerate(answer.events) if e.type == event_name(HouseholdSettled))
    del answer.events[number]
    finding = await found(day)
    assert (finding.height, finding.transaction, finding.what) == (height, None, f"event {number}")
    assert "HouseholdSettlement" in finding.expected
    assert event.type not in finding.found


async def test_a_refusal_that_was_recorded_as_done_is_named_with_its_sender(day: MemorySource) -> None:
    height, index, code = next(
        (height, index, result.code)
        for height, answer in enumerate(day.answers, 1)
        for index, result in enumerate(answer.tx_results)
        if result.code
    )
    day.answers[height - 1].tx_results[index].code = 0
    finding = await found(day)
    assert (finding.height, finding.transaction, finding.what) == (height, index, "result")
    assert finding.expected == Code(code).name
    assert finding.found.startswith("OK")
    assert len(finding.account) == 40


async def test_without_recorded_results_the_headers_alone_convict(day: MemorySource) -> None:
    day.keeps_results = False
    audited = await audit(day)
    assert (audited.finding, audited.results_seen) == (None, 0)
    day.blocks[30] = replace(day.blocks[30], last_results_hash=bytes(32))
    finding = await found(day)
    assert (finding.height, finding.what, finding.found) == (30, "hash over the results", "00" * 32)


async def test_a_record_that_differs_is_named_with_its_account(day: MemorySource) -> None:
    """The chain pays a nano-euro more of reward than the auditor's rule; only the state is there to be seen."""
    original = by_largest_remainder

    def less(total: int, weights: list[int], ranks: list[bytes]) -> list[int]:
        parts = original(total, weights, ranks)
        return [max(part - 1, 0) for part in parts] if ranks and len(ranks[0]) == 20 else parts

    day.keeps_results = False
    with patch.object(settling, "by_largest_remainder", less):
        finding = await found(day)
    assert finding.what.startswith("record ledger/beur/")
    assert len(finding.account) == 40
    assert "free_neur" in finding.expected
    assert finding.expected != finding.found


async def test_a_forged_app_hash_is_named_where_no_record_differs(day: MemorySource) -> None:
    day.blocks[40] = replace(day.blocks[40], app_hash=bytes(32))
    finding = await found(day)
    assert (finding.height, finding.what, finding.found) == (40, "app hash", "00" * 32)


async def test_a_record_that_does_not_begin_with_the_genesis_can_not_be_audited(day: MemorySource) -> None:
    async def later() -> Span:
        return Span(5, 9)

    with patch.object(day, "span", later), pytest.raises(HistoryError, match="keeps blocks from 5 on"):
        await audit(day)
    beginning = day.beginning
    day.beginning = replace(beginning, app_version=7)
    with pytest.raises(HistoryError, match="began with version 7"):
        await audit(day)
    day.beginning = replace(beginning, validators=beginning.validators[:1])
    finding = await found(day)
    assert (finding.height, finding.what) == (0, "app hash of the genesis")


def test_a_finding_reads_as_a_sentence() -> None:
    finding = Finding(7, 2, "event 0", "aa" * 20, "nothing", "Moved(…)")
    assert str(finding).splitlines() == [
        f"height 7, transaction 2: event 0 of account {'aa' * 20}",
        "  expected nothing",
        "  found    Moved(…)",
    ]
