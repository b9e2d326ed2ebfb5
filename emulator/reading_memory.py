"""The meters' memory of their readings (their load profile), from which they send again what got lost on its way."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path

from wire.mqtt import MessageError, Reading, decode
from wire.recall import RECALL_SLOTS_MAX

log = logging.getLogger(__name__)
MEMORY_SLOTS = RECALL_SLOTS_MAX


class ReadingMemory:
    """The last ``MEMORY_SLOTS`` readings of each meter; with ``path`` in a file of a line each, over a restart too."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        # As they are sent, which takes less room than as objects.
        self._readings: dict[str, deque[tuple[int, bytes]]] = {}
        self._lines = 0

    def begin(self, readings: Iterable[Reading]) -> None:
        """Empty it but for each meter's first reading. Raises: OSError when the file can't be written."""
        self._readings = {}
        for reading in readings:
            self._take(reading)
        self._rewrite()

    def recall(self, last: Mapping[str, Reading]) -> None:
        """Take up what the file holds up to each meter's ``last`` reading, by meter, and that one.

        A line that can't be read, such as the last one of a process that was killed, is passed over: what stood there
        is forgotten. Raises: OSError when the file can't be read or written.
        """
        self._readings = {}
        for line in self._stored_lines():
            try:
                reading = decode(Reading, line)
            except MessageError as error:
                log.warning("a stored reading is forgotten: %s", error)
                continue
            if reading.meter in last and reading.sequence < last[reading.meter].sequence:
                self._take(reading)
        for reading in last.values():
            self._take(reading)
        self._rewrite()

    def add(self, readings: Iterable[Reading]) -> None:
        """Remember a slot's new readings. Raises: OSError when the file can't be written."""
        new = list(readings)
        for reading in new:
            self._take(reading)
        if self._path is None:
            return
        if self._lines > 2 * MEMORY_SLOTS * max(1, len(self._readings)):
            self._rewrite()
            return
        with self._path.open("ab") as file:
            file.write(_lines_of(reading.encode() for reading in new))
        self._lines += len(new)

    def of_slot(self, meter: str, slot: int) -> Reading | None:
        """A meter's reading of a slot's end, if it remembers it."""
        payload = next((payload for of_slot, payload in self._readings.get(meter, ()) if of_slot == slot), None)
        return None if payload is None else decode(Reading, payload)

    def _take(self, reading: Reading) -> None:
        self._readings.setdefault(reading.meter, deque(maxlen=MEMORY_SLOTS)).append((reading.slot, reading.encode()))

    def _stored_lines(self) -> list[bytes]:
        if self._path is None:
            return []
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def _rewrite(self) -> None:
        if self._path is None:
            return
        kept = [payload for of_meter in self._readings.values() for _, payload in of_meter]
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.write_bytes(_lines_of(kept))
        fresh.replace(self._path)
        self._lines = len(kept)


def _lines_of(payloads: Iterable[bytes]) -> bytes:
    return b"".join(payload + b"\n" for payload in payloads)
