"""Which meter measures which household, as the chain has it; kept on disk for starts without the chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from wire.grid import Member


class Members:
    """The members of one grid."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._by_meter: dict[str, Member] = {}
        rows = database.execute("SELECT account, meter, since_slot FROM members").fetchall()
        self._by_meter = {meter: Member("", account, meter, since_slot) for account, meter, since_slot in rows}

    def __len__(self) -> int:
        return len(self._by_meter)

    def replace(self, members: Iterable[Member]) -> None:
        """Take over what the chain says now."""
        fresh = list(members)
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.execute("DELETE FROM members")
            self._database.executemany(
                "INSERT INTO members VALUES (?, ?, ?)", [(m.account, m.meter, m.since_slot) for m in fresh]
            )
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
        self._by_meter = {member.meter: member for member in fresh}

    def has_meter(self, meter: str) -> bool:
        """Whether a serial number is some member's."""
        return meter in self._by_meter

    def in_slot(self, slot: int) -> list[Member]:
        """Who was a member in a slot, in order of address."""
        members = (member for member in self._by_meter.values() if member.since_slot <= slot)
        return sorted(members, key=lambda member: member.account)
