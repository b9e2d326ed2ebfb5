"""The readings of the transformer station that were accepted."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from wire.mqtt import decode
from wire.station import StationReading


class StationNeighbours(NamedTuple):
    """What is stored around a station's reading, by sequence number; ``slot_taken`` has its slot already."""

    before: StationReading | None
    same: StationReading | None
    after: StationReading | None
    slot_taken: StationReading | None


class StationReadings:
    """The table of accepted readings of a grid's station."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def around(self, reading: StationReading) -> StationNeighbours:
        """What a new reading has to fit to."""
        return StationNeighbours(
            self._one("sequence < ? ORDER BY sequence DESC LIMIT 1", reading.sequence),
            self._one("sequence = ?", reading.sequence),
            self._one("sequence > ? ORDER BY sequence LIMIT 1", reading.sequence),
            self.of_slot(reading.slot),
        )

    def of_slot(self, slot: int) -> StationReading | None:
        """The reading of a slot's end, if it came."""
        return self._one("slot = ?", slot)

    def add(self, reading: StationReading) -> None:
        """Store an accepted reading."""
        self._database.execute(
            "INSERT INTO station VALUES (?, ?, ?)", (reading.sequence, reading.slot, reading.encode())
        )

    def forget_before(self, slot: int) -> None:
        """Drop readings of slots before one, but for the last."""
        self._database.execute(
            "DELETE FROM station WHERE slot < ? AND sequence < (SELECT max(sequence) FROM station)", (slot,)
        )

    def _one(self, condition: str, value: int) -> StationReading | None:
        row = self._database.execute(
            f"SELECT payload FROM station WHERE {condition}",  # noqa: S608 - conditions are constants above
            (value,),
        ).fetchone()
        return None if row is None else decode(StationReading, row[0])
