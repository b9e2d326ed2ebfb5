"""The readings that were accepted, and the flows that follow from them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from wire.mqtt import Reading


class Stored(NamedTuple):
    """A reading and the home under whose topic it came."""

    reading: Reading
    home: str


class Neighbours(NamedTuple):
    """What is stored around a reading of a meter, by sequence number; ``slot_taken`` has its slot already."""

    before: Stored | None
    same: Stored | None
    after: Stored | None
    slot_taken: Stored | None


_COLUMNS = "meter, sequence, slot, time_s, import_wh, export_wh, home, voltage_mv"


class Readings:
    """The table of accepted readings of one grid."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def around(self, reading: Reading) -> Neighbours:
        """What a new reading has to fit to."""
        key = (reading.meter, reading.sequence)
        return Neighbours(
            self._one("meter = ? AND sequence < ? ORDER BY sequence DESC LIMIT 1", *key),
            self._one("meter = ? AND sequence = ?", *key),
            self._one("meter = ? AND sequence > ? ORDER BY sequence LIMIT 1", *key),
            self._one("meter = ? AND slot = ?", reading.meter, reading.slot),
        )

    def add(self, reading: Reading, home: str) -> None:
        """Store an accepted reading."""
        self._database.execute(
            "INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                reading.meter,
                reading.sequence,
                reading.slot,
                reading.time_s,
                reading.import_wh,
                reading.export_wh,
                home,
                reading.voltage_mv,
            ),
        )

    def meters_read(self, slot: int) -> set[str]:
        """The meters with a reading of the end of a slot."""
        rows = self._database.execute("SELECT meter FROM readings WHERE slot = ?", (slot,))
        return {meter for (meter,) in rows}

    def home_of(self, meter: str) -> str | None:
        """The home under whose topic a meter's readings come; None when it was never heard."""
        row = self._database.execute(
            "SELECT home FROM readings WHERE meter = ? ORDER BY sequence DESC LIMIT 1", (meter,)
        ).fetchone()
        return None if row is None else str(row[0])

    def slots_between(self, meter: str) -> tuple[int, int] | None:
        """The slots of the first and the last reading that is stored of a meter; None when there is none."""
        first, last = self._database.execute(
            "SELECT min(slot), max(slot) FROM readings WHERE meter = ?", (meter,)
        ).fetchone()
        return None if first is None else (first, last)

    def voltages_mv(self, slot: int) -> dict[str, int]:
        """The mean voltage of a slot by meter, for those that measured one."""
        rows = self._database.execute(
            "SELECT meter, voltage_mv FROM readings WHERE slot = ? AND voltage_mv IS NOT NULL", (slot,)
        )
        return dict(rows)

    def flows_wh(self, slot: int) -> dict[str, int]:
        """Net flow of a slot by meter (Wh, positive = taken from the grid), for the meters read at both its ends.

        (import_t - import_{t-1}) - (export_t - export_{t-1}). A meter whose reading before the slot is missing
        has no flow here: the registers' difference over several slots can't be attributed to one of them.
        """
        rows = self._database.execute(
            """
            SELECT now.meter, (now.import_wh - was.import_wh) - (now.export_wh - was.export_wh)
            FROM readings AS now JOIN readings AS was ON was.slot = now.slot - 1 AND was.meter = now.meter
            WHERE now.slot = ?
            """,
            (slot,),
        )
        return dict(rows)

    def exported_wh(self, first_slot: int, slots: int) -> list[int]:
        """What all meters together fed in, for each of ``slots`` slots (Wh; 0 where nothing is known)."""
        rows = self._database.execute(
            """
            SELECT now.slot, sum(now.export_wh - was.export_wh)
            FROM readings AS now JOIN readings AS was ON was.slot = now.slot - 1 AND was.meter = now.meter
            WHERE now.slot >= ? AND now.slot < ? GROUP BY now.slot
            """,
            (first_slot, first_slot + slots),
        )
        known: dict[int, int] = dict(rows)
        return [known.get(slot, 0) for slot in range(first_slot, first_slot + slots)]

    def forget_before(self, slot: int) -> None:
        """Drop readings of slots before one, but for each meter's last."""
        self._database.execute(
            """
            DELETE FROM readings WHERE slot < ? AND sequence < (
                SELECT max(sequence) FROM readings AS newest WHERE newest.meter = readings.meter
            )
            """,
            (slot,),
        )

    def _one(self, condition: str, *values: object) -> Stored | None:
        row = self._database.execute(
            f"SELECT {_COLUMNS} FROM readings WHERE {condition}",  # noqa: S608 - conditions are constants above
            values,
        ).fetchone()
        if row is None:
            return None
        meter, sequence, slot, time_s, import_wh, export_wh, home, voltage_mv = row
        return Stored(
            Reading(
                meter=meter,
                sequence=sequence,
                slot=slot,
                time_s=time_s,
                import_wh=import_wh,
                export_wh=export_wh,
                voltage_mv=voltage_mv,
            ),
            home,
        )
