"""What is wrong with a scenario file, said so that its author can mend it."""

from __future__ import annotations

from typing import Any, NamedTuple

_SHOWN_CHARACTERS = 60


class Problem(NamedTuple):
    """One fault: its line (1 is the first), the field's path, the value found there, and what to write instead."""

    line: int
    field: str
    value: str
    way_out: str

    def as_text(self, source: str) -> str:
        """One line for people, in the form that editors and compilers use: ``source:line: …``."""
        value = f" = {self.value}" if self.value else ""
        return f"{source}:{self.line}: {self.field}{value}: {self.way_out}"


class ScenarioError(ValueError):
    """The file is no scenario; ``problems`` has all that is wrong, in order of line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.field))


def shown(value: Any) -> str:
    """A value from outside as safe, short text: no control characters reach a terminal."""
    text = ascii(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
