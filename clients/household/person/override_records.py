"""The overrides of an agent's homes, in its file: those that stand, and the log of all that ever did.

The agent and the person's commands write it, each through a connection of its own.
"""

from __future__ import annotations

import sqlite3

from clients.household.person.override import Override, OverrideKind

TABLES = """
CREATE TABLE IF NOT EXISTS overrides (
    id INTEGER PRIMARY KEY AUTOINCREMENT, home TEXT NOT NULL, kind TEXT NOT NULL, value INTEGER NOT NULL,
    begun_s INTEGER NOT NULL, ends_s INTEGER NOT NULL, ended_s INTEGER NOT NULL, given_by TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS overrides_by_end ON overrides (ends_s)
"""
_COLUMNS = "home, kind, value, begun_s, ends_s, ended_s, given_by"


class OverrideRecords:
    """The table, of an open file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self, override: Override) -> None:
        """Let one hold; the one of its kind that stood gives way."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._end(override.home, override.kind, override.begun_s)
            sql = f"INSERT INTO overrides ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # a constant
            self._connection.execute(sql, override)

    def end(self, home: str, kind: OverrideKind, now_s: int) -> bool:
        """End what stands of a kind before its time. Returns whether anything did."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return self._end(home, kind, now_s)

    def standing(self, now_s: int) -> dict[str, dict[OverrideKind, Override]]:
        """What holds now, by home and kind."""
        found: dict[str, dict[OverrideKind, Override]] = {}
        for override in self._read("ended_s = 0 AND begun_s <= ? AND ends_s > ?", (now_s, now_s)):
            found.setdefault(override.home, {})[override.kind] = override
        return found

    def log(self, home: str) -> list[Override]:
        """All of a home, oldest first."""
        return self._read("home = ?", (home,))

    def version(self) -> int:
        """Another number whenever another connection has written to the file."""
        (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(number)

    def _end(self, home: str, kind: OverrideKind, now_s: int) -> bool:
        sql = "UPDATE overrides SET ended_s = ? WHERE home = ? AND kind = ? AND ended_s = 0 AND ends_s > ?"
        return self._connection.execute(sql, (now_s, home, kind.value, now_s)).rowcount > 0

    def _read(self, condition: str, values: tuple[object, ...]) -> list[Override]:
        sql = f"SELECT {_COLUMNS} FROM overrides WHERE {condition} ORDER BY id"  # noqa: S608  # all are constants
        return [
            Override(home, OverrideKind(kind), *rest) for home, kind, *rest in self._connection.execute(sql, values)
        ]
