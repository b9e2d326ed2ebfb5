"""A row for every way in which a transaction is refused (and one for being accepted)."""

from __future__ import annotations

from tests.app.refusals import amounts, control, envelope, governance, names, proofs, sender, switching, times
from tests.app.refusals.row import ROWS, Row

__all__ = [
    "ROWS",
    "Row",
    "amounts",
    "control",
    "envelope",
    "governance",
    "names",
    "proofs",
    "sender",
    "switching",
    "times",
]
