"""The daemon's one SQLite file: readings of meters and station, and proofs. What it holds survives kill -9."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from clients.common.configuration import ConfigurationError

_SCHEMA_VERSION = 2
_APPLICATION_ID = 0x76646744  # "vdgD"

_TABLES = """
CREATE TABLE identity (chain_id TEXT NOT NULL, vdg TEXT NOT NULL) STRICT;
CREATE TABLE readings (
    meter TEXT NOT NULL, sequence INTEGER NOT NULL, slot INTEGER NOT NULL, time_s INTEGER NOT NULL,
    import_wh INTEGER NOT NULL, export_wh INTEGER NOT NULL, home TEXT NOT NULL, voltage_mv INTEGER,
    PRIMARY KEY (meter, sequence), UNIQUE (slot, meter)
) STRICT, WITHOUT ROWID;
CREATE TABLE proofs (
    slot INTEGER NOT NULL, account BLOB NOT NULL, flow_wh INTEGER NOT NULL, meter TEXT NOT NULL,
    signature BLOB, state TEXT NOT NULL,
    PRIMARY KEY (slot, account)
) STRICT, WITHOUT ROWID;
"""
_STATION_TABLE = """
CREATE TABLE station (
    sequence INTEGER PRIMARY KEY, slot INTEGER NOT NULL UNIQUE, payload BLOB NOT NULL
) STRICT;
"""
# Files of version 1 knew neither voltages nor stations.
_FROM_VERSION_1 = f"ALTER TABLE readings ADD COLUMN voltage_mv INTEGER;{_STATION_TABLE}"


def open_database(path: Path, chain_id: str, vdg: str) -> sqlite3.Connection:
    """Open the file, or make it; every statement commits by itself.

    Write-ahead log with ``synchronous=NORMAL``: a crash of the process loses nothing, one of the machine at most
    the last moments, which then show as a gap of readings or are asked from signer and chain again.

    Raises: ConfigurationError when it can't be used or is another grid's.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            _prepare(connection, path, chain_id, vdg)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        way_out = (
            "another daemon holds it: run one per grid"
            if "locked" in str(error)
            else "repair the disk, or move the file away to start anew: the chain tells what is proved"
        )
        raise ConfigurationError(f"database = {path}: can't be used ({error}); {way_out}") from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, chain_id: str, vdg: str) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application_id == 0 and tables == 0:
        connection.execute("BEGIN IMMEDIATE")
        _execute(connection, _TABLES + _STATION_TABLE)
        connection.execute("INSERT INTO identity VALUES (?, ?)", (chain_id, vdg))
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        connection.execute("COMMIT")
        return
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application_id, version) == (_APPLICATION_ID, 1):
        connection.execute("BEGIN IMMEDIATE")
        _execute(connection, _FROM_VERSION_1)
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        connection.execute("COMMIT")
        version = _SCHEMA_VERSION
    if (application_id, version) != (_APPLICATION_ID, _SCHEMA_VERSION):
        raise ConfigurationError(f"database = {path}: is not this daemon's of version {_SCHEMA_VERSION}")
    identity = connection.execute("SELECT chain_id, vdg FROM identity").fetchone()
    if identity != (chain_id, vdg):
        raise ConfigurationError(
            f"database = {path}: belongs to chain {identity[0]}, vdg {identity[1]}, not to {chain_id}, {vdg}; give"
            " another path"
        )


def _execute(connection: sqlite3.Connection, statements: str) -> None:
    """One by one: ``executescript`` would commit the transaction that they are in."""
    for statement in statements.split(";"):
        connection.execute(statement)
