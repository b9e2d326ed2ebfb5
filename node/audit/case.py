"""One thing that is judged: a transaction, or a piece of due work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from node.audit.books import Books
from wire.results import Code


class Denied(Exception):
    """What is judged must be refused with this code and leave nothing."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


class Kept(Denied):
    """As Denied; what was done by then stays (evidence, a nonce that must be remembered)."""


@dataclass
class Case:
    """The books, the block it stands in, and who asks; ``events`` collects what it must report.

    ``signers`` are the consensus addresses whose votes are in the last block's commit; None where nobody tells.
    """

    books: Books
    chain_id: str
    height: int
    time_s: int
    seed: bytes
    signers: frozenset[bytes] | None = None
    sender: bytes = b""
    nonce: int = 0
    events: list[Any] = field(default_factory=list)


def require(holds: bool, code: Code) -> None:
    """Raises: Denied when it does not hold."""
    if not holds:
        raise Denied(code)
