"""Holding an outcome to what the auditor predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from abci_app.app import Finalized
from abci_app.core.events import EncodedEvent
from node.audit.auditor import ExpectedBlock
from node.audit.finding import plain
from tests.simulator.record import Failure
from wire.chain import DueFailed
from wire.codec import decode
from wire.events import event_class


def judge(height: int, done: Finalized, expected: ExpectedBlock) -> None:
    """Results, events, changed records and app hash, in this order. Raises: Failure with the first difference."""
    _compare(height, "event of the block", _messages(done.block.events), expected.events)
    for index, (result, must) in enumerate(zip(done.block.results, expected.results, strict=True)):
        if result.code != must.code:
            got = f"{result.code.name}: {result.message}"
            raise Failure(height, f"transaction {index}: expected {must.code.name}, found {got}")
        _compare(height, f"transaction {index}, event", _messages(result.events), must.events)
    if list(expected.powers) != done.block.powers:
        raise Failure(height, f"powers: expected {plain(expected.powers)}, found {plain(tuple(done.block.powers))}")
    # The first block's changes are those of the genesis, too.
    if height > 1:
        found = done.block.changes
        for key in sorted(found.keys() | expected.changes.keys()):
            if found.get(key) != expected.changes.get(key):
                pair = f"expected {plain(expected.changes.get(key))}, found {plain(found.get(key))}"
                raise Failure(height, f"record {key!r}: {pair}")
    if done.app_hash != expected.app_hash:
        raise Failure(height, f"app hash: expected {expected.app_hash.hex()}, found {done.app_hash.hex()}")


def _messages(events: Sequence[EncodedEvent]) -> list[Any]:
    """Events as messages; the words in which due work was refused are for people."""
    messages = [decode(event_class(event.name), event.data) for event in events]
    return [m._replace(reason="") if isinstance(m, DueFailed) else m for m in messages]


def _compare(height: int, what: str, found: Sequence[Any], expected: Sequence[Any]) -> None:
    for number in range(max(len(found), len(expected))):
        own = found[number] if number < len(found) else None
        must = expected[number] if number < len(expected) else None
        if own != must:
            raise Failure(height, f"{what} {number}: expected {plain(must)}, found {plain(own)}")
