"""What a client must not forget: nonces, transactions under way, cursors. One SQLite file, one process at a time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self

from clients.common.errors import StateError

_APPLICATION_ID: Final = 0x76646763  # "vdgc"
_SCHEMA_VERSION: Final = 1
_TABLES: Final = """
CREATE TABLE identity (chain_id TEXT NOT NULL) STRICT;
CREATE TABLE nonces (address BLOB PRIMARY KEY, reserved_to INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    hash BLOB PRIMARY KEY, address BLOB NOT NULL, nonce INTEGER NOT NULL, key TEXT, tx BLOB NOT NULL,
    expires_s INTEGER NOT NULL, resolved INTEGER NOT NULL DEFAULT 0, code INTEGER NOT NULL DEFAULT 0,
    log TEXT NOT NULL DEFAULT '', height INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL DEFAULT 0,
    UNIQUE (address, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_pending ON outbox (resolved, address);
CREATE TABLE cursors (
    name TEXT PRIMARY KEY, height INTEGER NOT NULL, place INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

Statement = tuple[str, Sequence[Any]]


class StateFile:
    """The file, used from one thread of its own. What `write` returned from survives a power cut.

    Writes that come while the disk is busy share its next sync, so many at once cost little more than one.
    """

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread
        self._waiting: list[tuple[Sequence[Statement], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path | None, chain_id: str) -> Self:
        """Open the file or make it; with no path, everything is forgotten at the end.

        Raises:
            StateError: it is in use, broken, another program's or another chain's.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="vdg-state")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(thread, _connect, path, chain_id)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(connection, thread)

    async def read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a SELECT, after the writes that were asked for before."""
        await self._settled()
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._thread, lambda: self._connection.execute(sql, values).fetchall())

    async def write(self, *statements: Statement) -> None:
        """Execute statements together; they are on the disk when this returns.

        Raises:
            StateError: the disk is full or broken; nothing of them is written.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_waiting())
        await done

    async def _write_waiting(self) -> None:
        run = asyncio.get_running_loop().run_in_executor
        while self._waiting:
            batch, self._waiting = self._waiting, []
            error = await run(self._thread, self._transact, [statements for statements, _ in batch])
            for _, done in batch:
                if done.cancelled():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(StateError(f"the state file cannot be written ({error}): free or mend the disk"))

    def _transact(self, batch: list[Sequence[Statement]]) -> sqlite3.Error | None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for statements in batch:
                for sql, values in statements:
                    self._connection.execute(sql, values)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return error
        return None

    async def _settled(self) -> None:
        if self._writer is not None:
            await asyncio.shield(self._writer)

    async def close(self) -> None:
        """Finish what is being written and close the file."""
        await self._settled()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()


def _connect(path: Path | None, chain_id: str) -> sqlite3.Connection:
    where = ":memory:" if path is None else str(path)
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(where, isolation_level=None, timeout=0)
        try:
            _prepare(connection, where, chain_id)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        way_out = "another process uses it: give each its own" if "locked" in str(error) else "mend the disk"
        raise StateError(f"state file {where} cannot be used ({error}); {way_out}") from error
    return connection


def _prepare(connection: sqlite3.Connection, where: str, chain_id: str) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN EXCLUSIVE")
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO identity VALUES (?)", (chain_id,))
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        connection.execute("COMMIT")
        return
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application_id, version) != (_APPLICATION_ID, _SCHEMA_VERSION):
        raise StateError(f"{where} is no client state of version {_SCHEMA_VERSION}: give another path")
    ((known_chain_id,),) = connection.execute("SELECT chain_id FROM identity").fetchall()
    if known_chain_id != chain_id:
        raise StateError(f"{where} belongs to chain {known_chain_id!r}, not to {chain_id!r}: give another path")
    connection.execute("COMMIT")
