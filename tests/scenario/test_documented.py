"""The scenarios of the documentation do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.messages.schema import EVENTS, TRANSACTIONS
from tests.scenario.runs import SCENARIOS, run_file
from wire.results import Code


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_expectation_of_a_documented_scenario_holds(path: Path) -> None:
    record = run_file(path)
    assert [failure.as_text(path.name) for failure in record.failures] == []


def test_every_result_code_is_given_by_some_documented_scenario() -> None:
    records = [run_file(path) for path in SCENARIOS]
    given = {tx.code_name for record in records for block in record.blocks for tx in block.transactions}
    assert [code.name for code in Code if code.name not in given] == []


def test_every_transaction_of_the_documented_scenarios_says_what_it_expects() -> None:
    lines = [
        f"{path.name}: {line.strip()}"
        for path in SCENARIOS
        for line in path.read_text(encoding="utf-8").splitlines()
        if "- {from:" in line and "expect" not in line
    ]
    assert lines == []


def test_every_message_is_executed_in_some_documented_scenario() -> None:
    records = [run_file(path) for path in SCENARIOS]
    executed = {tx.name for record in records for block in record.blocks for tx in block.transactions if not tx.code}
    assert [name for name in TRANSACTIONS if name not in executed] == []


def test_every_event_comes_in_some_documented_scenario() -> None:
    records = [run_file(path) for path in SCENARIOS]
    came: set[str] = set()
    for record in records:
        for block in record.blocks:
            events = [*block.events, *(event for tx in block.transactions for event in tx.events)]
            came.update(event.name for event in events)
    assert [name for name in EVENTS if name not in came] == []
