"""What an agent keeps of its slots to be asked about later: decisions, the newest plans, and the batteries' days.

Tables of `Database`'s file. Nothing here is needed to go on after a crash but the battery's day, which the chain
doesn't know.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

TABLES = """
CREATE TABLE IF NOT EXISTS decisions (
    home TEXT NOT NULL, slot INTEGER NOT NULL, product TEXT NOT NULL, slots INTEGER NOT NULL, made_in INTEGER NOT NULL,
    reason TEXT NOT NULL, load_wh INTEGER NOT NULL, pv_wh INTEGER NOT NULL, contracted_wh INTEGER NOT NULL,
    wanted_wh INTEGER NOT NULL, side INTEGER NOT NULL, energy_wh INTEGER NOT NULL, price_neur_per_wh INTEGER NOT NULL,
    stood INTEGER NOT NULL, PRIMARY KEY (home, slot, product)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plans (home TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS battery_days (
    home TEXT PRIMARY KEY, day INTEGER NOT NULL, start_wh REAL NOT NULL, moved_wh REAL NOT NULL,
    seen_wh INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""


class Decided(NamedTuple):
    """What a home decided about a book before it closed; energies (Wh) are of all ``slots`` of the book together.

    ``slot``: its first; ``made_in``: the slot that was running. ``reason``: a `diary.Reason`. ``load_wh``, ``pv_wh``:
    the forecast; ``contracted_wh``: bought less sold before; ``wanted_wh``: what was to be traded beyond that, positive
    = buy. ``side`` and what follows: the order, zeros without one; ``stood``: whether the chain had it when the book
    closed.
    """

    home: str
    slot: int
    product: str
    slots: int
    made_in: int
    reason: str
    load_wh: int
    pv_wh: int
    contracted_wh: int
    wanted_wh: int
    side: int
    energy_wh: int
    price_neur_per_wh: int
    stood: int


class BatteryMemory(NamedTuple):
    """A battery's day: its number, what it held at its beginning and has moved since, and held when last seen (Wh)."""

    day: int
    start_wh: float
    moved_wh: float
    seen_wh: int


class SlotRecords:
    """The tables, of an open file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(
        self,
        decisions: Iterable[Decided] = (),
        plans: Mapping[str, str] | None = None,
        battery_days: Mapping[str, BatteryMemory] | None = None,
    ) -> None:
        """Keep what a slot brought: decisions, and by home the plan (JSON) and the battery's day."""
        many = self._connection.executemany
        with self._connection:
            self._connection.execute("BEGIN")
            many("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", decisions)
            many("INSERT OR REPLACE INTO plans VALUES (?, ?)", (plans or {}).items())
            days = [(home, *memory) for home, memory in (battery_days or {}).items()]
            many("INSERT OR REPLACE INTO battery_days VALUES (?, ?, ?, ?, ?)", days)

    def forget_before(self, slot: int) -> None:
        """Drop decisions about slots that are long over."""
        self._connection.execute("DELETE FROM decisions WHERE slot < ?", (slot,))

    def decisions(self, home: str, slot: int) -> list[Decided]:
        """What was decided in each book whose energy falls on a slot, those first that were decided first."""
        sql = "SELECT * FROM decisions WHERE home = ? AND slot <= ? AND slot + slots > ? ORDER BY made_in, product"
        return [Decided(*row) for row in self._connection.execute(sql, (home, slot, slot))]

    def standing(self) -> list[Decided]:
        """All orders of all homes that stood when their books closed, those first that were decided first."""
        sql = "SELECT * FROM decisions WHERE stood != 0 ORDER BY made_in, home, product"
        return [Decided(*row) for row in self._connection.execute(sql)]

    def decided_slots(self, home: str) -> tuple[int, int] | None:
        """The first and the last slot that decisions are kept of."""
        sql = "SELECT min(slot), max(slot + slots - 1) FROM decisions WHERE home = ?"
        first, last = self._connection.execute(sql, (home,)).fetchone()
        return None if first is None else (first, last)

    def plan(self, home: str) -> str | None:
        """The plan that a home made last, as JSON."""
        row = self._connection.execute("SELECT data FROM plans WHERE home = ?", (home,)).fetchone()
        return row[0] if row else None

    def battery_day(self, home: str) -> BatteryMemory | None:
        """How far the day of a home's battery had gone when it was kept."""
        sql = "SELECT day, start_wh, moved_wh, seen_wh FROM battery_days WHERE home = ?"
        row = self._connection.execute(sql, (home,)).fetchone()
        return BatteryMemory(*row) if row else None
