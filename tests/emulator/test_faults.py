"""Faults to order: what leaves a faulty meter, and what a reader would see."""

from __future__ import annotations

import pytest

from emulator.faults import Fault, Faults
from wire.mqtt import MessageError, Reading, decode


def delivered(fault: str, slots: int = 8) -> list[list[int | str]]:
    """For each slot's end, the slots of the readings that leave the meter ('?' for an unreadable one)."""
    faults = Faults([Fault.parse(fault)])
    seen: list[list[int | str]] = []
    for slot in range(slots):
        reading = Reading(
            meter="m", sequence=slot, slot=slot, time_s=slot, import_wh=5_000 + 100 * slot, export_wh=200 + slot
        )
        row: list[int | str] = []
        for payload in faults.deliver("h", reading):
            try:
                row.append(decode(Reading, payload).slot)
            except MessageError:
                row.append("?")
        seen.append(row)
    return seen


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("drop:h:2-3", [[0], [1], [], [], [4], [5], [6], [7]]),
        ("forget:h:2", [[0], [1], [], [3], [4], [5], [6], [7]]),
        ("drop:h:2", [[0], [1], [], [3], [4], [5], [6], [7]]),
        ("delay:h:2:3", [[0], [1], [], [3], [4], [5, 2], [6], [7]]),
        ("delay:h:2-3", [[0], [1], [], [2], [4, 3], [5], [6], [7]]),
        ("duplicate:h:2", [[0], [1], [2, 2], [3], [4], [5], [6], [7]]),
        ("corrupt:h:2-3", [[0], [1], ["?"], ["?"], [4], [5], [6], [7]]),
        ("stop:h:2", [[0], [1], [], [], [], [], [], []]),
        ("late:h:2-4", [[0], [1], [], [], [2, 3, 4], [5], [6], [7]]),
        ("drop:other:0-7", [[0], [1], [2], [3], [4], [5], [6], [7]]),
    ],
)
def test_a_fault_does_to_the_readings_what_its_name_says(fault: str, expected: list[list[int | str]]) -> None:
    assert delivered(fault) == expected


def test_a_meter_that_jumps_back_shows_lower_registers_and_never_negative_ones() -> None:
    faults = Faults([Fault.parse("jump_back:h:3:700")])
    reading = Reading(meter="m", sequence=3, slot=3, time_s=3, import_wh=5_000, export_wh=200)
    (payload,) = faults.deliver("h", reading)
    assert decode(Reading, payload) == reading.model_copy(update={"import_wh": 4_300, "export_wh": 0})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "give KIND:HOME:FIRST-LAST"),
        ("drop:h", "give KIND:HOME:FIRST-LAST"),
        ("drop:h:1:2:3", "give KIND:HOME:FIRST-LAST"),
        ("explode:h:1", "fault kind is 'explode'; give one of drop, forget, delay"),
        ("drop:h:x", "fault slots are 'x'"),
        ("drop:h:3-", "fault slots are '3-'"),
        ("drop:h:3-2", "fault slots are '3-2'"),
        ("delay:h:3:soon", "fault amount is 'soon'"),
    ],
)
def test_a_fault_that_cannot_be_read_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Fault.parse(text)
