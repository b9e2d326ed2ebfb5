"""What was signed: written and synced before a signature leaves, so that no crash lets a second value through."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from wire.flowproof import FlowStatement

_SCHEMA_VERSION = 1
_APPLICATION_ID = 0x76646753  # "vdgS", so that another program's database is never taken for a record.

_SIGNED_TABLE = """
CREATE TABLE signed (
    chain_id TEXT NOT NULL, vdg TEXT NOT NULL, slot INTEGER NOT NULL, account BLOB NOT NULL,
    flow_wh INTEGER NOT NULL, meter TEXT NOT NULL,
    PRIMARY KEY (chain_id, vdg, slot, account)
) STRICT, WITHOUT ROWID
"""


class RecordError(Exception):
    """The record can't be used or written; nothing was signed. The text names the file and the way out."""


class Signed(NamedTuple):
    """The value that stands on record for a (chain, vdg, slot, account)."""

    flow_wh: int
    meter: str


class Record:
    """The durable memory of one proof key: an SQLite database that one process at a time may hold.

    Write-ahead log with ``synchronous=FULL``: a commit returns after the log is on disk.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    @classmethod
    def create(cls, path: Path, public_key: bytes) -> None:
        """Make the empty record of a key that has signed nothing yet.

        Raises: RecordError when the file is there already or can't be written.
        """
        if path.exists():
            raise RecordError(f"record {path} exists: it is never replaced, give another path for another key")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = _connect(path, "rwc")
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_SIGNED_TABLE)
                connection.execute("CREATE TABLE proof_key (public_key BLOB NOT NULL) STRICT")
                connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
                connection.execute("INSERT INTO proof_key VALUES (?)", (public_key,))
                connection.execute("COMMIT")
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise RecordError(f"record {path} can't be made: {error}") from error

    @classmethod
    def open(cls, path: Path, public_key: bytes) -> Record:
        """Open the record of a key, checking that it is whole.

        Raises: RecordError when it is missing, damaged, another key's or held by another process. A missing
            record is never made up: a key whose past is unknown may not sign.
        """
        if not path.exists():
            raise RecordError(
                f"record {path} is missing: without it nobody knows what the key has signed. Find it; only for a"
                " key that has never signed make a new one with --init"
            )
        try:
            connection = _connect(path, "rw")
            try:
                cls._check(path, connection, public_key)
            except BaseException:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            way_out = (
                "another signing service holds it: run one per key"
                if "locked" in str(error)
                else "replace the key on chain (SetProofKey) and start a new record for the new one"
            )
            raise RecordError(f"record {path} can't be used ({error}): {way_out}") from error
        return cls(path, connection)

    @staticmethod
    def _check(path: Path, connection: sqlite3.Connection, public_key: bytes) -> None:
        def pragma(name: str) -> object:
            return connection.execute(f"PRAGMA {name}").fetchone()[0]

        if (pragma("application_id"), pragma("user_version")) != (_APPLICATION_ID, _SCHEMA_VERSION):
            raise RecordError(f"{path} is not a signing record of version {_SCHEMA_VERSION}: give the right file")
        state = pragma("integrity_check")
        if state != "ok":
            raise RecordError(
                f"record {path} is damaged ({state}): what the key has signed is not certain any more. Replace the"
                " key on chain (SetProofKey) and start a new record for the new one"
            )
        (owner,) = connection.execute("SELECT public_key FROM proof_key").fetchone()
        if owner != public_key:
            raise RecordError(
                f"record {path} belongs to the key {owner.hex()}, the keystore holds {public_key.hex()}: give the"
                " record of this key"
            )

    def claim(self, statements: Sequence[FlowStatement]) -> list[Signed]:
        """Put statements on record where their (chain, vdg, slot, account) has none, in one synced commit.

        Returns, in order, what stands on record now: a statement may be signed if and only if that is its own
        value. Raises: RecordError when the record can't be written; then nothing may be signed.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                standing = [self._claim_one(statement) for statement in statements]
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise RecordError(
                f"record {self._path} can't be written ({error}): nothing was signed. Free disk space or repair the"
                " disk, then ask again"
            ) from error
        return standing

    def _claim_one(self, statement: FlowStatement) -> Signed:
        key = (statement.chain_id, statement.vdg, statement.slot, statement.account)
        self._connection.execute(
            "INSERT OR IGNORE INTO signed VALUES (?, ?, ?, ?, ?, ?)", (*key, statement.flow_wh, statement.meter)
        )
        row = self._connection.execute(
            "SELECT flow_wh, meter FROM signed WHERE chain_id = ? AND vdg = ? AND slot = ? AND account = ?", key
        ).fetchone()
        return Signed(*row)

    def close(self) -> None:
        """Fold the log into the database and let go of the file."""
        self._connection.close()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # One thread at a time uses the connection (the service has a single worker), so SQLite's own check is off.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=0,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection
