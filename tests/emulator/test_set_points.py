"""Set points: what is refused and why, and that a refusal changes nothing."""

from __future__ import annotations

import pytest

from emulator.household import Household
from emulator.setpoints import HORIZON_SLOTS
from emulator.slot_summary import held
from emulator.units import SLOT_MS
from tests.emulator.world import home, net_of_slot
from wire.mqtt import SetPoint, StatusCode


def follow(sequence: int, slot: int, grid_wh: int = 0) -> SetPoint:
    return SetPoint(sequence=sequence, slot=slot, mode="follow", grid_wh=grid_wh)


@pytest.mark.parametrize(
    ("set_point", "code", "reason"),
    [
        (follow(11, 5), StatusCode.ACCEPTED, "follow 0 Wh in slot 5"),
        (follow(11, 5 + HORIZON_SLOTS), StatusCode.ACCEPTED, "follow"),
        (SetPoint(sequence=11, slot=5, mode="self"), StatusCode.ACCEPTED, "self-consumption"),
        (SetPoint(sequence=11, slot=5, mode="power", power_w=-3_000), StatusCode.ACCEPTED, "power -3000 W"),
        (follow(10, 5), StatusCode.REPLAYED, "sequence is 10; give more than 10"),
        (follow(9, 5), StatusCode.REPLAYED, "sequence is 9; give more than 10"),
        (follow(11, 4), StatusCode.LATE, "slot is 4, which has ended; give 5 or later"),
        (follow(11, 6 + HORIZON_SLOTS), StatusCode.TOO_EARLY, "give at most 293"),
        (SetPoint(sequence=11, slot=5, mode="power", power_w=3_001), StatusCode.BEYOND_POWER, "give -3000 to 3000"),
        (SetPoint(sequence=11, slot=5, mode="power", power_w=-3_001), StatusCode.BEYOND_POWER, "-3001"),
    ],
)
def test_each_set_point_gets_its_code_and_reason(set_point: SetPoint, code: StatusCode, reason: str) -> None:
    household = Household(home([500], [0]))
    household.offer(follow(10, 7, grid_wh=40))
    household.advance(5 * SLOT_MS + 1_000)
    before = (dict(household.set_points.by_slot), household.set_points.last_sequence, household.powers())
    given, why = household.offer(set_point)
    assert given is code
    assert reason in why
    after = (dict(household.set_points.by_slot), household.set_points.last_sequence, household.powers())
    assert (before == after) is (code is not StatusCode.ACCEPTED)


def test_a_home_without_a_battery_takes_only_self_consumption() -> None:
    household = Household(home([500], [900], battery=None))
    assert household.offer(follow(1, 0))[0] is StatusCode.NO_BATTERY
    limit = SetPoint(sequence=1, slot=0, mode="self", export_limit_w=100)
    assert household.offer(limit)[0] is StatusCode.ACCEPTED
    assert household.powers().grid_w == -100
    assert household.powers().curtailed_w == 300


def test_a_later_set_point_replaces_the_slots_earlier_one() -> None:
    household = Household(home([600], [0]))
    household.offer(follow(1, 0, grid_wh=0))
    household.advance(SLOT_MS // 2)
    household.offer(follow(2, 0, grid_wh=70))
    assert net_of_slot(household, 0) == 70


def test_a_set_point_ends_with_its_slot() -> None:
    household = Household(home([600, 600], [0, 0]))
    household.offer(follow(1, 0, grid_wh=100))
    assert net_of_slot(household, 0) == 100
    assert household.set_points.of(1) is None
    assert household.set_points.by_slot == {}
    assert household.powers().battery_w == 600


@pytest.mark.parametrize(
    ("before", "running", "late_ms"),
    [
        (None, None, 0),
        (40, None, 0),
        (None, 40, 1_000),
        # Sent again it is the same one; another is late.
        (40, 40, 0),
        (40, 41, 1_000),
    ],
)
def test_a_set_point_that_comes_or_changes_when_its_slot_runs_is_told(
    before: int | None, running: int | None, late_ms: int
) -> None:
    household = Household(home([500] * 4, [0] * 4))
    if before is not None:
        household.offer(follow(1, 1, before))
    household.advance(SLOT_MS + 1_000)
    assert held({"h1": household})["set_late_ms"] == {}
    if running is not None:
        household.offer(follow(2, 1, running))
    household.advance(2 * SLOT_MS)
    assert held({"h1": household})["set_late_ms"] == ({"h1": late_ms} if late_ms else {})
    household.advance(3 * SLOT_MS)
    assert held({"h1": household})["set_late_ms"] == {}
