"""The events that a file expects, or does not want."""

from __future__ import annotations

from typing import Any

from node.messages.names import Names
from node.messages.reading import Path, did_you_mean
from node.messages.schema import EVENTS
from node.scenario.document import Document
from node.scenario.expectation import Pattern, expected_fields
from node.scenario.problem import Problem


class Patterns:
    """Reads lists of expected events."""

    def __init__(self, document: Document, names: Names, problems: list[Problem]) -> None:
        self._document = document
        self._names = names
        self._problems = problems

    def read(self, path: Path, entries: list[Any]) -> tuple[Pattern, ...]:
        """The patterns of a list: names of events, or mappings from one name to the fields that matter."""
        found = [self._pattern((*path, index), entry) for index, entry in enumerate(entries)]
        return tuple(pattern for pattern in found if pattern is not None)

    def _pattern(self, path: Path, entry: Any) -> Pattern | None:
        single = {entry: {}} if isinstance(entry, str) else entry
        if not isinstance(single, dict) or len(single) != 1 or next(iter(single)) not in EVENTS:
            given = ", ".join(single) if isinstance(single, dict) else entry
            way_out = f"one event with its fields; {did_you_mean(str(given), sorted(EVENTS))}"
            self._problems.append(self._document.problem(path, given, way_out))
            return None
        name, fields = next(iter(single.items()))
        expected, mistakes = expected_fields(EVENTS[name], fields or {}, self._names, (*path, name))
        self._problems += [self._document.problem(*mistake) for mistake in mistakes]
        return Pattern(self._document.line_of(path), name, expected)
