"""What an agent must not forget: contracts, settled slots, messages under way, and how far it has followed the chain.

One SQLite file. What is written survives kill -9; a power cut may cost the last moments, which the chain then tells
again.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from clients.common.configuration import ConfigurationError
from clients.common.subscribe import Cursor
from clients.household.account import Bill
from clients.household.forecasting.records import TABLES as FORECAST_TABLES
from clients.household.forecasting.records import ForecastRecords
from clients.household.person.override_records import TABLES as OVERRIDE_TABLES
from clients.household.person.override_records import OverrideRecords
from clients.household.slot_records import TABLES as SLOT_TABLES
from clients.household.slot_records import SlotRecords
from wire.codec import decode, encode
from wire.events import event_class, event_name
from wire.market import Contract
from wire.settlement import HouseholdSettlement

_APPLICATION_ID = 0x76646768  # "vdgh"
_SCHEMA_VERSION = 1
_TABLES = """
CREATE TABLE identity (chain_id TEXT NOT NULL, instance TEXT NOT NULL) STRICT;
CREATE TABLE followed (only_row INTEGER PRIMARY KEY CHECK (only_row = 0), height INTEGER NOT NULL,
    place INTEGER NOT NULL) STRICT;
CREATE TABLE contracts (contract_id TEXT PRIMARY KEY, slot INTEGER NOT NULL, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX contracts_by_slot ON contracts (slot);
CREATE TABLE settled (
    account BLOB NOT NULL, slot INTEGER NOT NULL, received_neur INTEGER NOT NULL, bought_wh INTEGER NOT NULL,
    sold_wh INTEGER NOT NULL, rebate_neur INTEGER NOT NULL, reward_neur INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (account, slot)
) STRICT, WITHOUT ROWID;
CREATE TABLE under_way (
    id INTEGER PRIMARY KEY AUTOINCREMENT, home TEXT NOT NULL, type TEXT NOT NULL, data BLOB NOT NULL,
    expires_s INTEGER NOT NULL
) STRICT;
CREATE TABLE alarms (home TEXT PRIMARY KEY, time_s INTEGER NOT NULL, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""
# Came later; a file of before gets them when it is opened.
_LATER_TABLES = """
CREATE TABLE IF NOT EXISTS supplier_prices (
    vdg TEXT NOT NULL, slot INTEGER NOT NULL, start_s INTEGER NOT NULL, buy_neur_per_wh INTEGER NOT NULL,
    sell_neur_per_wh INTEGER NOT NULL, PRIMARY KEY (vdg, slot)
) STRICT, WITHOUT ROWID
"""


class UnderWay(NamedTuple):
    """A message that was decided on and whose result is not known; ``key`` names it to the client library."""

    id: int
    key: str
    home: str
    message: Any
    expires_s: int


class SupplierPrice(NamedTuple):
    """P_u and P_f of the slot that begins at ``start_s`` (Unix seconds)."""

    start_s: int
    buy_neur_per_wh: int
    sell_neur_per_wh: int


class Database:
    """The file. Calls are short and block; writes go to the system, not to the disk, before they return."""

    def __init__(self, connection: sqlite3.Connection, instance: str) -> None:
        """Use ``open``."""
        self._connection = connection
        self._instance = instance
        self._finished: list[tuple[int]] = []
        self.slots = SlotRecords(connection)
        self.forecasts = ForecastRecords(connection)
        self.overrides = OverrideRecords(connection)

    @classmethod
    def open(cls, path: Path, chain_id: str) -> Database:
        """Open the file, or make it. Raises: ConfigurationError when it can't be used or is another chain's."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = sqlite3.connect(path, isolation_level=None, timeout=1)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            instance = _prepare(connection, path, chain_id)
        except (sqlite3.Error, OSError) as error:
            raise ConfigurationError(
                f"data: {path} can't be used ({error}); mend the disk, or move the file away: the chain tells its part"
            ) from error
        return cls(connection, instance)

    @classmethod
    def read_only(cls, path: Path) -> Database:
        """Open an existing file to read from, while its process may run.

        Raises: sqlite3.Error; ConfigurationError where its process has not made its tables yet.
        """
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _SCHEMA_VERSION:
            connection.close()
            raise ConfigurationError(
                f"data: {path} is no household state of version {_SCHEMA_VERSION} (yet); ask again when its agent runs"
            )
        return cls(connection, "")

    def close(self) -> None:
        """Write what is left and close."""
        if self._finished:
            self._forget_finished()
        self._connection.close()

    def cursor(self) -> Cursor | None:
        """How far the chain was followed; None at the very start."""
        row = self._connection.execute("SELECT height, place FROM followed").fetchone()
        return Cursor(*row) if row else None

    def follow(
        self, cursor: Cursor, contracts: Iterable[Contract] = (), settled: Iterable[HouseholdSettlement] = ()
    ) -> None:
        """Keep what a block brought, together with the place behind it."""
        execute = self._connection.execute
        with self._connection:
            execute("BEGIN")
            for contract in contracts:
                row = (contract.contract_id, contract.slot, encode(contract))
                execute("INSERT OR IGNORE INTO contracts VALUES (?, ?, ?)", row)
            for item in settled:
                received = item.contracts_neur + item.deviation_neur + item.rebate_neur + item.reward_neur
                sums = (item.bought_wh, item.sold_wh, item.rebate_neur, item.reward_neur)
                values = (item.account, item.slot, received, *sums, encode(item))
                execute("INSERT OR IGNORE INTO settled VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            execute("INSERT OR REPLACE INTO followed VALUES (0, ?, ?)", cursor)
            self._forget_finished()

    def contracts_of(self, slot: int, account: bytes) -> list[Contract]:
        """An account's contracts for a slot."""
        rows = self._connection.execute("SELECT data FROM contracts WHERE slot = ? ORDER BY contract_id", (slot,))
        found = [decode(Contract, data) for (data,) in rows]
        return [contract for contract in found if account in (contract.buyer, contract.seller)]

    def settlement(self, account: bytes, slot: int) -> HouseholdSettlement | None:
        """An account's slot, if it is settled."""
        sql = "SELECT data FROM settled WHERE account = ? AND slot = ?"
        row = self._connection.execute(sql, (account, slot)).fetchone()
        return decode(HouseholdSettlement, row[0]) if row else None

    def contracts_from(self, slot: int) -> list[Contract]:
        """Contracts for a slot and later."""
        rows = self._connection.execute("SELECT data FROM contracts WHERE slot >= ?", (slot,))
        return [decode(Contract, data) for (data,) in rows]

    def forget_contracts_before(self, slot: int) -> None:
        """Drop contracts of slots that are long over."""
        self._connection.execute("DELETE FROM contracts WHERE slot < ?", (slot,))

    def bill(self, account: bytes) -> Bill:
        """An account's sums over all settled slots."""
        row = self._connection.execute(
            "SELECT count(*), -total(received_neur), total(bought_wh), total(sold_wh), total(rebate_neur),"
            " total(reward_neur) FROM settled WHERE account = ?",
            (account,),
        ).fetchone()
        return Bill(*(int(value) for value in row))

    def settled_slots(self, account: bytes, from_slot: int) -> set[int]:
        """Which slots are in the bill, from one on."""
        rows = self._connection.execute(
            "SELECT slot FROM settled WHERE account = ? AND slot >= ?", (account, from_slot)
        )
        return {slot for (slot,) in rows}

    def begin(self, home: str, messages: Iterable[tuple[Any, int]]) -> list[UnderWay]:
        """Note messages, each with its expiry, before they are sent."""
        begun = []
        with self._connection:
            self._connection.execute("BEGIN")
            for message, expires_s in messages:
                row = (home, event_name(type(message)), encode(message), expires_s)
                sql = "INSERT INTO under_way (home, type, data, expires_s) VALUES (?, ?, ?, ?)"
                number = self._connection.execute(sql, row).lastrowid or 0
                begun.append(UnderWay(number, self._key(number), home, message, expires_s))
            self._forget_finished()
        return begun

    def finish(self, item: UnderWay) -> None:
        """The result is known: forget the message, with the next write."""
        self._finished.append((item.id,))

    def under_way(self) -> list[UnderWay]:
        """What an earlier process began and did not see the end of."""
        rows = self._connection.execute("SELECT id, home, type, data, expires_s FROM under_way ORDER BY id")
        return [
            UnderWay(number, self._key(number), home, decode(event_class(name), data), expires_s)
            for number, home, name, data, expires_s in rows
        ]

    def alarm(self, home: str, time_s: int, text: str) -> None:
        """Keep a home's newest alarm; an empty text clears it."""
        if text:
            self._connection.execute("INSERT OR REPLACE INTO alarms VALUES (?, ?, ?)", (home, time_s, text))
        else:
            self._connection.execute("DELETE FROM alarms WHERE home = ?", (home,))

    def alarms(self) -> dict[str, tuple[int, str]]:
        """Time (Unix seconds) and text of each home's newest alarm."""
        return {home: (time_s, text) for home, time_s, text in self._connection.execute("SELECT * FROM alarms")}

    def keep_supplier_prices(self, vdg: str, slot: int, price: SupplierPrice) -> None:
        """Keep what the supplier's energy costs and earns in a slot."""
        self._connection.execute("INSERT OR REPLACE INTO supplier_prices VALUES (?, ?, ?, ?, ?)", (vdg, slot, *price))

    def supplier_prices(self, vdg: str) -> dict[int, SupplierPrice]:
        """The supplier's prices of all slots in which the agent was at work."""
        sql = "SELECT slot, start_s, buy_neur_per_wh, sell_neur_per_wh FROM supplier_prices WHERE vdg = ?"
        return {slot: SupplierPrice(*rest) for slot, *rest in self._connection.execute(sql, (vdg,))}

    def settlements(self, account: bytes) -> list[HouseholdSettlement]:
        """An account's settled slots, oldest first."""
        rows = self._connection.execute("SELECT data FROM settled WHERE account = ? ORDER BY slot", (account,))
        return [decode(HouseholdSettlement, data) for (data,) in rows]

    def _key(self, number: int) -> str:
        # A new file counts from 1 again; its keys must not be an older file's.
        return f"household/{self._instance}/{number}"

    def _forget_finished(self) -> None:
        self._connection.executemany("DELETE FROM under_way WHERE id = ?", self._finished)
        self._finished.clear()


def _prepare(connection: sqlite3.Connection, path: Path, chain_id: str) -> str:
    """Make or check the tables, all in one transaction; returns the file's own name."""
    connection.execute("BEGIN IMMEDIATE")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if not tables and not application_id:
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO identity VALUES (?, ?)", (chain_id, secrets.token_hex(4)))
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application_id, version) != (_APPLICATION_ID, _SCHEMA_VERSION):
        raise ConfigurationError(
            f"data: {path} is no household state of version {_SCHEMA_VERSION}; give another folder"
        )
    for statements in (_LATER_TABLES, SLOT_TABLES, OVERRIDE_TABLES, FORECAST_TABLES):
        for statement in statements.split(";\n"):
            connection.execute(statement)
    connection.execute("COMMIT")
    known, instance = connection.execute("SELECT chain_id, instance FROM identity").fetchone()
    if known != chain_id:
        raise ConfigurationError(f"data: {path} belongs to chain {known!r}, not to {chain_id!r}; give another folder")
    return str(instance)
