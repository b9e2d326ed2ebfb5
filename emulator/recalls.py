"""What a home's meter does when its readings are asked for again."""

from __future__ import annotations

import logging
from collections.abc import Callable

from emulator.faults import Faults
from emulator.reading_memory import ReadingMemory
from wire.mqtt import MessageError, Reading, Topics, decode
from wire.recall import Gone, Recall

log = logging.getLogger(__name__)
Send = Callable[[str, bytes, bool], None]


class Recalls:
    """Answers for all homes' meters: from ``memory``, as ``faults`` let it; ``send`` takes topic, payload, retain."""

    def __init__(self, topics: Topics, memory: ReadingMemory, faults: Faults, send: Send) -> None:
        self._topics = topics
        self._memory = memory
        self._faults = faults
        self._send = send

    def receive(self, home: str, payload: bytes, last: Reading) -> None:
        """Send what is asked for of a home whose meter's newest reading is ``last``.

        What can't be read or is another meter's is logged and passed over, as are slots that have not ended.
        """
        try:
            recall = decode(Recall, payload)
        except MessageError as error:
            log.warning("%s: %s", home, error)
            return
        if recall.meter != last.meter:
            log.warning("%s: recall refused: meter is %r; the home's is %s", home, recall.meter, last.meter)
            return
        if self._faults.cut_off(home, last.slot):
            return
        gone = []
        for slot in recall.slots:
            if slot > last.slot or self._faults.under_way(home, slot, last.slot):
                continue
            reading = self._memory.of_slot(last.meter, slot)
            if reading is None or self._faults.forgotten(home, slot):
                gone.append(slot)
            else:
                # Only the newest is what the broker should keep for those who come later.
                shown = self._faults.shown(home, reading)
                self._send(self._topics.reading(home), shown.encode(), slot == last.slot)
        if gone:
            self._send(self._topics.gone(home), Gone(meter=last.meter, slots=tuple(gone)).encode(), False)
