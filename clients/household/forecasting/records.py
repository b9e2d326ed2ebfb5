"""What forecasters go on with after a restart: the last days' load and PV, and how far forecasts were off.

Tables of `Database`'s file; it is bounded by `KEPT_SLOTS` of each home. The load curve is private, and stays there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from clients.household.forecasting.errors import ForecastError

TABLES = """
CREATE TABLE IF NOT EXISTS forecast_errors (
    home TEXT NOT NULL, horizon INTEGER NOT NULL, slots INTEGER NOT NULL, load_wh INTEGER NOT NULL,
    pv_wh INTEGER NOT NULL, PRIMARY KEY (home, horizon)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gap_errors (
    home TEXT NOT NULL, horizon INTEGER NOT NULL, wh TEXT NOT NULL, PRIMARY KEY (home, horizon)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS measured (
    home TEXT NOT NULL, slot INTEGER NOT NULL, load_wh INTEGER NOT NULL, pv_wh INTEGER NOT NULL,
    PRIMARY KEY (home, slot)
) STRICT, WITHOUT ROWID
"""


class Measured(NamedTuple):
    """What a home's slot was: its load without what flexible devices took, and its PV (Wh)."""

    home: str
    slot: int
    load_wh: int
    pv_wh: int


class ForecastRecords:
    """The tables, of an open file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep_errors(
        self, home: str, means: Mapping[int, ForecastError], gaps: Mapping[int, Sequence[int]] | None = None
    ) -> None:
        """Keep a home's forecast errors by horizon: sums, and those of the gap one by one (Wh)."""
        rows = [(home, horizon, *sums) for horizon, sums in means.items()]
        lists = [(home, horizon, json.dumps(list(errors))) for horizon, errors in (gaps or {}).items()]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO forecast_errors VALUES (?, ?, ?, ?, ?)", rows)
            self._connection.executemany("INSERT OR REPLACE INTO gap_errors VALUES (?, ?, ?)", lists)

    def mean_errors(self, home: str) -> dict[int, ForecastError]:
        """A home's forecast errors by horizon, as last kept."""
        sql = "SELECT horizon, slots, load_wh, pv_wh FROM forecast_errors WHERE home = ? ORDER BY horizon"
        return {horizon: ForecastError(*sums) for horizon, *sums in self._connection.execute(sql, (home,))}

    def gap_errors(self, home: str) -> dict[int, list[int]]:
        """A home's last errors of the gap by horizon (Wh), oldest first."""
        sql = "SELECT horizon, wh FROM gap_errors WHERE home = ? ORDER BY horizon"
        return {horizon: json.loads(wh) for horizon, wh in self._connection.execute(sql, (home,))}

    def keep_measured(self, rows: Iterable[Measured], before: int) -> None:
        """Keep slots that are over, and drop those of before slot ``before``."""
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO measured VALUES (?, ?, ?, ?)", rows)
            self._connection.execute("DELETE FROM measured WHERE slot < ?", (before,))

    def measured(self, home: str, slots: range) -> list[Measured]:
        """What is kept of a home's slots, oldest first."""
        sql = "SELECT home, slot, load_wh, pv_wh FROM measured WHERE home = ? AND slot >= ? AND slot < ? ORDER BY slot"
        return [Measured(*row) for row in self._connection.execute(sql, (home, slots.start, slots.stop))]
