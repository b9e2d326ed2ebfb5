"""What became of a scenario, as plain data: the JSON output is these classes, field by field."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from node.scenario.expectation import Failure


@dataclass(frozen=True)
class EventRecord:
    """An event by name, with its fields."""

    name: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class TransactionRecord:
    """A transaction and its one result. ``fields`` is None for bytes that are no message."""

    line: int
    sender: str
    name: str
    mutation: str | None
    fields: dict[str, Any] | None
    nonce: int
    expires_s: int
    hash: str
    code: int
    code_name: str
    message: str
    events: list[EventRecord]


@dataclass(frozen=True)
class QueryRecord:
    """A question and its answer."""

    line: int
    name: str
    request: dict[str, Any]
    response: dict[str, Any]


@dataclass(frozen=True)
class BlockRecord:
    """A block: events of due work, then its transactions; the money that there is after it."""

    line: int
    height: int
    time_s: int
    time: str
    events: list[EventRecord]
    transactions: list[TransactionRecord]
    queries: list[QueryRecord]
    minted_neur: int | None
    held_neur: int | None
    app_hash: str


@dataclass(frozen=True)
class ScenarioRecord:
    """The whole run; it passed when ``failures`` is empty."""

    title: str
    about: str
    chain_id: str
    genesis_time_s: int
    genesis_app_hash: str
    blocks: list[BlockRecord]
    failures: list[Failure]

    @property
    def app_hash(self) -> str:
        """The app hash after the last block."""
        return self.blocks[-1].app_hash if self.blocks else self.genesis_app_hash

    def as_json(self) -> dict[str, Any]:
        """The run as JSON data."""
        data = asdict(self)
        data["failures"] = [
            {"line": one.line, "what": one.what, "differences": [part._asdict() for part in one.differences]}
            for one in self.failures
        ]
        return {"passed": not self.failures, "app_hash": self.app_hash, **data}
