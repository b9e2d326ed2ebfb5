"""A run as lines of text, the same on every terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from node.scenario.record import BlockRecord, EventRecord, QueryRecord, ScenarioRecord, TransactionRecord

_LONG_DIGITS = 24


def lines_of(record: ScenarioRecord, source: str) -> Iterator[str]:
    """The run for people, then the expectations that do not hold, or that all do."""
    if record.title:
        yield record.title
        yield ""
    yield f"genesis of {record.chain_id}"
    yield f"  app hash  {record.genesis_app_hash}"
    for block in record.blocks:
        yield ""
        yield from _block(block)
    yield ""
    for failure in record.failures:
        yield failure.as_text(source)
    count = len(record.failures)
    yield "all expectations hold" if not count else f"{count} expectation{'s do' if count > 1 else ' does'} not hold"


def _block(block: BlockRecord) -> Iterator[str]:
    yield f"block {block.height}  {block.time}"
    if block.events:
        yield "  due work"
        yield from _events(block.events)
    for tx in block.transactions:
        yield from _transaction(tx)
    for query in block.queries:
        yield from _query(query)
    if block.minted_neur is not None:
        yield f"  money     {block.minted_neur} nEUR minted, {block.held_neur} nEUR held"
    yield f"  app hash  {block.app_hash}"


def _transaction(tx: TransactionRecord) -> Iterator[str]:
    spoilt = f" ({tx.mutation})" if tx.mutation else ""
    fields = f"  {_short(tx.fields)}" if tx.fields else ""
    yield f"  {tx.sender or 'bytes'}: {tx.name}{spoilt}{fields}".rstrip()
    yield f"    {tx.code} {tx.code_name}{f': {tx.message}' if tx.message else ''}"
    yield from _events(tx.events)


def _events(events: list[EventRecord]) -> Iterator[str]:
    for event in events:
        yield f"    * {event.name}  {_short(event.fields)}".rstrip()


def _query(query: QueryRecord) -> Iterator[str]:
    yield f"  {query.name}?  {_short(query.request)}".rstrip()
    yield f"    {_short(query.response) or 'nothing'}"


def _short(fields: Mapping[str, Any]) -> str:
    """Fields on one line, without those that are empty; long digits are cut."""
    return " ".join(f"{key}={_value(value)}" for key, value in fields.items() if value not in ("", None, [], {}))


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + _short(value) + "}"
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    cut = isinstance(value, str) and len(text) > _LONG_DIGITS and all(c in "0123456789abcdef" for c in text)
    return f"{text[:12]}…" if cut else text


def _list(values: list[Any]) -> str:
    """A list; runs of the same number are counted, as a day has 144 slots."""
    if len(values) > 4 and all(value == values[0] for value in values):
        return f"[{_value(values[0])} x {len(values)}]"
    return "[" + ", ".join(_value(value) for value in values) + "]"
