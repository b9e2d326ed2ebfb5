"""What is wrong with a file that somebody gave, said so that its author can mend it."""

from __future__ import annotations

from typing import NamedTuple

_SHOWN_CHARACTERS = 60


class FileError(NamedTuple):
    """One fault: the field, the value found there (or nothing), why it is refused and what to write instead."""

    field: str
    value: str
    reason: str
    way_out: str

    def as_text(self, source: str) -> str:
        """One line for people."""
        value = f" {self.value}" if self.value else ""
        return f"{source}: {self.field}{value} {self.reason}; {self.way_out}"


class BadFile(Exception):
    """A file can't be used; ``errors`` are all that is wrong with it."""

    def __init__(self, errors: list[FileError]) -> None:
        super().__init__("; ".join(f"{error.field} {error.reason}" for error in errors))
        self.errors = errors


def shown(value: object) -> str:
    """A value from outside as safe, short ASCII."""
    text = ascii(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
