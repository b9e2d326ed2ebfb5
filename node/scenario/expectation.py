"""Partial matches: what a file expects, what came, and how the two differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from node.messages.names import Names
from node.messages.reading import Mistake, Path, read_message
from node.messages.showing import plain


class Pattern(NamedTuple):
    """A message by name with the fields that matter, and its line in the file."""

    line: int
    name: str
    fields: dict[str, Any]


class Difference(NamedTuple):
    """One field that is not as expected."""

    field: str
    expected: Any
    actual: Any


class Failure(NamedTuple):
    """An expectation of the file that does not hold."""

    line: int
    what: str
    differences: tuple[Difference, ...]

    def as_text(self, source: str) -> str:
        """For people: where and what, then each field with both values."""
        lines = [f"{source}:{self.line}: {self.what}"]
        for difference in self.differences:
            lines.append(f"    {difference.field}")
            lines.append(f"      expected {difference.expected}")
            lines.append(f"      got      {difference.actual}")
        return "\n".join(lines)


def expected_fields(cls: type[Any], data: Any, names: Names, path: Path) -> tuple[dict[str, Any], list[Mistake]]:
    """The given fields of a message as ``plain`` shows them, so that names and digits compare equal."""
    message, mistakes = read_message(cls, data, names, path)
    return ({}, mistakes) if mistakes else (_restricted(plain(message, names), data), [])


def _restricted(shown: Any, given: Any) -> Any:
    if isinstance(given, Mapping) and isinstance(shown, dict):
        return {key: _restricted(shown[key], value) for key, value in given.items()}
    if isinstance(given, list) and isinstance(shown, list):
        return [_restricted(one, value) for one, value in zip(shown, given, strict=True)]
    return shown


def differences(expected: Any, actual: Any, field: str = "") -> list[Difference]:
    """Where the actual value is not as expected. Of mappings only the expected keys count; lists count whole."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return [
            difference
            for key, value in expected.items()
            for difference in differences(value, actual.get(key), f"{field}.{key}".lstrip("."))
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            difference
            for index, (one, other) in enumerate(zip(expected, actual, strict=True))
            for difference in differences(one, other, f"{field}[{index}]")
        ]
    if isinstance(expected, list) and isinstance(actual, list):
        return [Difference(f"{field} (entries)", len(expected), f"{len(actual)}: {actual}")]
    return [] if expected == actual else [Difference(field, expected, actual)]


def missing_events(patterns: Sequence[Pattern], events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Failure]:
    """The patterns that no event matches, looking at the events in order and using each once."""
    came = list(events)
    failures: list[Failure] = []
    position = 0
    for pattern in patterns:
        found = next((i for i in range(position, len(came)) if _matches(pattern, came[i])), None)
        if found is None:
            failures.append(Failure(pattern.line, f"event {pattern.name} did not come", _closest(pattern, came)))
        else:
            position = found + 1
    return failures


def unwanted_events(patterns: Sequence[Pattern], events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Failure]:
    """The patterns that an event matches although none should."""
    came = list(events)
    return [
        Failure(pattern.line, f"event {pattern.name} came and should not", (Difference("event", "none", event[1]),))
        for pattern in patterns
        for event in [next((event for event in came if _matches(pattern, event)), None)]
        if event is not None
    ]


def _matches(pattern: Pattern, event: tuple[str, Mapping[str, Any]]) -> bool:
    return event[0] == pattern.name and not differences(pattern.fields, event[1])


def _closest(pattern: Pattern, came: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[Difference, ...]:
    """How the most similar event of that name differs; or which events there were instead."""
    candidates = [differences(pattern.fields, fields) for name, fields in came if name == pattern.name]
    # One that matches stands before an event that an earlier pattern needs.
    candidates = [candidate or [Difference("order", "later", "earlier")] for candidate in candidates]
    if candidates:
        candidates.sort(key=len)
        return tuple(candidates[0])
    return (Difference("events", pattern.name, ", ".join(name for name, _ in came) or "none"),)
