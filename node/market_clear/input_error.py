"""What is wrong with an input, said so that its author can mend it."""

from __future__ import annotations

from typing import NamedTuple

_SHOWN_CHARACTERS = 60


class InputError(NamedTuple):
    """One fault: where it is, the value found there, why that is refused and what to write instead."""

    # 1 is the first line of the file; None where the fault is not on a line.
    line: int | None
    field: str
    value: str
    reason: str
    way_out: str

    def as_text(self, source: str) -> str:
        """One line for people, in the form that editors and compilers use: ``source:line: …``."""
        place = "" if self.line is None else f"{source}:{self.line}: "
        return f"{place}{self.field} {quoted(self.value)} {self.reason}; {self.way_out}"


def quoted(value: str) -> str:
    """A value from outside as safe, short ASCII: no control characters reach a terminal."""
    cut = len(value) > _SHOWN_CHARACTERS
    return ascii(value[:_SHOWN_CHARACTERS]) + ("..." if cut else "")
