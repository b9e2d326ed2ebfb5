"""What is wrong with a network, said so that its author can mend it."""

from __future__ import annotations

from typing import NamedTuple

_SHOWN_CHARACTERS = 60


class Fault(NamedTuple):
    """One fault: where it is, the value found there (or nothing), why it is refused and what to do instead."""

    where: str
    value: str
    reason: str
    way_out: str

    def as_text(self, source: str) -> str:
        """One line for people."""
        value = f" {self.value}" if self.value else ""
        return f"{source}: {self.where}{value} {self.reason}; {self.way_out}"


class BadNetwork(Exception):
    """The network can't be used; ``faults`` are all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.where} {fault.reason}" for fault in faults))
        self.faults = faults


def shown(value: object) -> str:
    """A value from outside as safe, short ASCII."""
    text = ascii(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
