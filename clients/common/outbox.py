"""Signed transactions on the disk until their result is known, so that a crash neither loses nor repeats one."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from clients.common.state_file import StateFile

# Resolved transactions with a key are remembered so long behind the newest expiry.
KEPT_SECONDS: Final = 30 * 24 * 3600

_SELECT: Final = "SELECT hash, address, nonce, key, tx, expires_s, resolved, code, log, height, place FROM outbox"


@dataclass(frozen=True)
class Entry:
    """A transaction; `key` is the caller's name for what it does. `height` 0: it is in no block."""

    hash: bytes
    address: bytes
    nonce: int
    key: str | None
    tx: bytes
    expires_s: int
    resolved: bool = False
    code: int = 0
    log: str = ""
    height: int = 0
    place: int = 0


class Outbox:
    """The transactions of all accounts in one state file."""

    def __init__(self, state: StateFile) -> None:
        self._state = state

    async def pending(self) -> list[Entry]:
        """Those without result, oldest nonce first; forgets resolved ones whose time is long over."""
        await self._state.write(
            (
                "DELETE FROM outbox WHERE resolved AND expires_s < (SELECT max(expires_s) FROM outbox) - ?",
                (KEPT_SECONDS,),
            )
        )
        rows = await self._state.read(_SELECT + " WHERE NOT resolved ORDER BY address, nonce")
        return [entry_of(row) for row in rows]

    async def by_key(self, address: bytes, key: str) -> Entry | None:
        """What an account sent under a key, if anything."""
        rows = await self._state.read(_SELECT + " WHERE address = ? AND key = ?", address, key)
        return entry_of(rows[0]) if rows else None

    async def add(self, entry: Entry) -> None:
        """Keep a transaction before it is sent for the first time."""
        sql = "INSERT INTO outbox (hash, address, nonce, key, tx, expires_s) VALUES (?, ?, ?, ?, ?, ?)"
        values = (entry.hash, entry.address, entry.nonce, entry.key, entry.tx, entry.expires_s)
        await self._state.write((sql, values))

    async def resolve(self, entry: Entry, *, code: int, log: str, height: int, place: int) -> Entry:
        """Note a result; the transaction is not sent again."""
        done = replace(entry, resolved=True, code=code, log=log, height=height, place=place)
        if entry.key is None:
            await self._state.write(("DELETE FROM outbox WHERE hash = ?", (entry.hash,)))
        else:
            sql = "UPDATE outbox SET resolved = 1, code = ?, log = ?, height = ?, place = ? WHERE hash = ?"
            await self._state.write((sql, (code, log, height, place, entry.hash)))
        return done


def refused_at_door(file: Path) -> Counter[int]:
    """By code, the transactions with a key in a client's state file that were refused and are in no block.

    The file is nobody's any more. Raises: sqlite3.Error.
    """
    if not file.exists():
        return Counter()
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'outbox'").fetchall():
            # It ended before it had made its tables.
            return Counter()
        sql = "SELECT code, count(*) FROM outbox WHERE resolved AND code != 0 AND height = 0 GROUP BY code"
        return Counter(dict(connection.execute(sql).fetchall()))


def entry_of(row: tuple[object, ...]) -> Entry:
    """An entry from its row."""
    entry = Entry(*row)  # type: ignore[arg-type]  # the table is STRICT: its columns have the types of the fields
    return replace(entry, resolved=bool(entry.resolved))
