"""Readings that are asked for again: as they were, bounded, over a restart, and refused where they can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.faults import Fault, Faults
from emulator.reading_memory import MEMORY_SLOTS, ReadingMemory
from emulator.recalls import Recalls
from wire.mqtt import Reading, Topics, decode
from wire.recall import RECALL_SLOTS_MAX, Gone, Recall

TOPICS = Topics()


def reading(slot: int, meter: str = "m") -> Reading:
    """What a meter says of a slot."""
    return Reading(
        meter=meter, sequence=slot + 1, slot=slot, time_s=slot + 1, import_wh=100 * slot + 5_000, export_wh=3_000
    )


class Meter:
    """One meter that has lived slots -1 to ``last``, with faults; keeps what it sends when asked."""

    def __init__(self, last: int, *faults: str) -> None:
        self.memory = ReadingMemory()
        self.memory.begin([reading(-1)])
        for slot in range(last + 1):
            self.memory.add([reading(slot)])
        self.last = reading(last)
        self.sent: list[Reading] = []
        self.kept: list[int] = []
        self.gone: list[int] = []
        self.recalls = Recalls(TOPICS, self.memory, Faults([Fault.parse(text) for text in faults]), self._send)

    def ask(self, *slots: int) -> None:
        """Ask for slots."""
        self.recalls.receive("h", Recall(meter="m", slots=slots).encode(), self.last)

    def _send(self, topic: str, payload: bytes, retain: bool) -> None:
        if topic == TOPICS.gone("h"):
            self.gone.extend(decode(Gone, payload).slots)
            assert not retain
            return
        assert topic == TOPICS.reading("h")
        self.sent.append(decode(Reading, payload))
        if retain:
            self.kept.append(self.sent[-1].slot)


@given(st.integers(0, 3 * MEMORY_SLOTS), st.sets(st.integers(-3, 4 * MEMORY_SLOTS), min_size=1, max_size=MEMORY_SLOTS))
def test_a_meter_sends_again_what_it_remembers_as_it_was_and_says_what_it_does_not(last: int, slots: set[int]) -> None:
    meter = Meter(last)
    meter.ask(*sorted(slots))
    remembered = range(max(-1, last - MEMORY_SLOTS + 1), last + 1)
    assert meter.sent == [reading(slot) for slot in sorted(slots) if slot in remembered]
    assert meter.gone == [slot for slot in sorted(slots) if slot < remembered.start]
    # The broker keeps the newest for who comes later, and nothing older in its place.
    assert meter.kept == [slot for slot in slots if slot == last]


@pytest.mark.parametrize(
    ("fault", "sent", "gone"),
    [
        ("drop:h:3-4", [3, 4, 5], []),
        ("corrupt:h:3-4", [3, 4, 5], []),
        ("duplicate:h:3-4", [3, 4, 5], []),
        ("forget:h:3-4", [5], [3, 4]),
        ("stop:h:5", [], []),
        ("late:h:4-7", [], []),
        ("late:h:3-6", [3, 4, 5], []),
        ("delay:h:3-4:3", [3, 5], []),
    ],
)
def test_a_fault_stands_in_the_way_of_answers_too(fault: str, sent: list[int], gone: list[int]) -> None:
    meter = Meter(6, fault)
    meter.ask(3, 4, 5)
    assert ([each.slot for each in meter.sent], meter.gone) == (sent, gone)


def test_a_register_that_fell_shows_the_same_when_it_is_asked_again() -> None:
    fault = Fault.parse("jump_back:h:3:700")
    meter = Meter(6, "jump_back:h:3:700")
    meter.ask(3)
    (first,) = Faults([fault]).deliver("h", reading(3))
    assert meter.sent == [decode(Reading, first)]
    assert meter.sent[0].import_wh == reading(3).import_wh - 700


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[1]",
        b'{"meter":"m"}',
        b'{"meter":"m","slots":[]}',
        b'{"meter":"m","slots":[2,2]}',
        b'{"meter":"m","slots":[3,2]}',
        b'{"meter":"m","slots":["2"]}',
        b'{"meter":"other","slots":[2]}',
        b'{"meter":"m","slots":[2],"more":1}',
        b'{"meter":"m","slots":' + str(list(range(RECALL_SLOTS_MAX + 1))).encode() + b"}",
    ],
)
def test_a_request_that_can_not_be_read_or_is_another_meter_s_is_logged_and_answered_by_nothing(
    payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    meter = Meter(6)
    meter.recalls.receive("h", payload, meter.last)
    assert (meter.sent, meter.gone) == ([], [])
    assert "h: recall refused" in caplog.text


def test_a_restart_keeps_the_memory_but_for_a_line_that_was_half_written(tmp_path: Path) -> None:
    path = tmp_path / "readings"
    first = ReadingMemory(path)
    first.begin([reading(-1), reading(-1, "n")])
    for slot in range(5):
        first.add([reading(slot), reading(slot, "n")])
    path.write_bytes(path.read_bytes()[:-20])
    again = ReadingMemory(path)
    again.recall({"m": reading(4), "n": reading(4, "n")})
    assert [again.of_slot(meter, slot) for meter in "mn" for slot in range(-1, 5)] == [
        reading(slot, meter) for meter in "mn" for slot in range(-1, 5)
    ]
    # What was never sent, as the saved state is older, is not what the meter will have measured then.
    older = ReadingMemory(path)
    older.recall({"m": reading(2)})
    assert older.of_slot("m", 3) is None
    assert older.of_slot("n", 1) is None
    # A new run takes nothing over.
    older.begin([reading(-1)])
    fresh = ReadingMemory(path)
    fresh.recall({"m": reading(7)})
    assert [slot for slot in range(-1, 8) if fresh.of_slot("m", slot)] == [-1, 7]


def test_the_file_grows_to_twice_what_is_remembered_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "readings"
    memory = ReadingMemory(path)
    memory.begin([reading(-1)])
    for slot in range(5 * MEMORY_SLOTS):
        memory.add([reading(slot)])
        assert len(path.read_bytes().splitlines()) <= 2 * MEMORY_SLOTS + 1
    again = ReadingMemory(path)
    again.recall({"m": reading(5 * MEMORY_SLOTS - 1)})
    known = [slot for slot in range(5 * MEMORY_SLOTS) if again.of_slot("m", slot)]
    assert known == list(range(4 * MEMORY_SLOTS, 5 * MEMORY_SLOTS))
