"""What became of each household's slot, on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from wire.flowproof import FlowProof


class State(StrEnum):
    """Where a proof is. Only ``SIGNED`` goes on; the others are final."""

    SIGNED = "signed"
    PROVED = "proved"
    CONFLICT = "conflict"
    REFUSED = "refused"
    LATE = "late"


class Entry(NamedTuple):
    """A household's slot: its proof, or what is known of it, and where it is."""

    proof: FlowProof
    state: State


class Proofs:
    """The table of proofs of one grid."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def of_slot(self, slot: int) -> dict[bytes, Entry]:
        """Everything noted of a slot, by account."""
        rows = self._database.execute(
            "SELECT account, flow_wh, meter, signature, state FROM proofs WHERE slot = ? ORDER BY account", (slot,)
        )
        return {
            account: Entry(FlowProof(account, flow_wh, meter, signature or b""), State(state))
            for account, flow_wh, meter, signature, state in rows
        }

    def put(self, slot: int, proofs: Iterable[FlowProof], state: State) -> None:
        """Note proofs of a slot, over what was noted of them before."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(
                "INSERT OR REPLACE INTO proofs VALUES (?, ?, ?, ?, ?, ?)",
                [(slot, p.account, p.flow_wh, p.meter, p.signature, state) for p in proofs],
            )
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def counts(self) -> dict[str, int]:
        """How many proofs are in each state."""
        return dict(self._database.execute("SELECT state, count(*) FROM proofs GROUP BY state"))

    def forget_before(self, slot: int) -> None:
        """Drop what was noted of slots before one."""
        self._database.execute("DELETE FROM proofs WHERE slot < ?", (slot,))
