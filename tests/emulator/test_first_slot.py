"""Homes that begin in a later slot than 0 live the same day."""

from __future__ import annotations

from emulator.clock import Clock
from emulator.homes import neighbourhood
from emulator.household import Household, SlotEnd
from emulator.messages import history, reading
from emulator.units import SLOT_MS, SLOTS_A_DAY

FIRST, DAY, SLOTS = 136, 144, 20


def flows(household: Household, until_slot: int) -> list[tuple[int, int, int]]:
    """Slot and registers at the end of every slot."""
    return [
        (event.slot, event.registers.import_wh, event.registers.export_wh)
        for event in household.advance(until_slot * SLOT_MS)
        if isinstance(event, SlotEnd)
    ]


def test_a_home_from_a_later_slot_on_has_the_flows_of_one_from_slot_0_with_the_same_midnight() -> None:
    for home in neighbourhood(6):
        late = flows(Household(home, DAY, FIRST), FIRST + SLOTS)
        early = flows(Household(home, DAY - FIRST), SLOTS)
        assert [(slot - FIRST, imported, exported) for slot, imported, exported in late] == early


def test_its_first_reading_is_of_the_slot_before_and_its_history_is_the_day_before() -> None:
    home = neighbourhood(1)[0]
    baseline = reading(home, Household(home, DAY, FIRST).first_reading(), Clock(1_700_000_000, 5))
    assert baseline.slot == FIRST - 1
    past = history(home, DAY, FIRST)
    assert past.first_slot == FIRST - SLOTS_A_DAY
    assert past.load_wh == history(home, DAY - FIRST).load_wh
