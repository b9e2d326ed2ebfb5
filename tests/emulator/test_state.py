"""A restart goes on where the meter stood, and only with its own state."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.clock import Clock
from emulator.household import Household, SlotEnd
from emulator.messages import reading
from emulator.state import RunKey, StateError, capture, load, put_back, save
from emulator.units import SLOT_MS
from tests.emulator.world import home
from wire.mqtt import SetPoint

RUN = RunKey(epoch_s=1_000, slot_seconds=5, day="06-15", day_slot=0, homes=["h1"])
HOME = home([700, 900, 123, 45], [0, 3_000, 50, 4_000])


def lived(slots: int) -> tuple[Household, SlotEnd]:
    household = Household(HOME)
    household.first_reading()
    household.offer(SetPoint(sequence=7, slot=1, mode="follow", grid_wh=-33))
    household.offer(SetPoint(sequence=8, slot=3, mode="power", power_w=777))
    return household, [event for event in household.advance(slots * SLOT_MS) if isinstance(event, SlotEnd)][-1]


def test_a_restored_home_goes_on_exactly_as_one_that_never_stopped(tmp_path: Path) -> None:
    household, last = lived(2)
    last_reading = reading(HOME, last, Clock(1_000, 5))
    save(tmp_path / "state", capture(RUN, {"h1": household}, {"h1": last_reading}, {}))
    state = load(tmp_path / "state", RUN)
    assert state is not None
    assert state.homes["h1"].last_reading == last_reading
    again = Household(HOME)
    put_back(state, {"h1": again})
    assert again.set_points.last_sequence == 8
    assert again.advance(9 * SLOT_MS) == household.advance(9 * SLOT_MS)
    assert again.meter == household.meter
    assert again.battery == household.battery


def test_a_home_without_a_battery_comes_back_too(tmp_path: Path) -> None:
    plain = home([700, 900], [0, 0], battery=None)
    household = Household(plain)
    last = reading(plain, household.first_reading(), Clock(1_000, 5))
    save(tmp_path / "state", capture(RUN, {"h1": household}, {"h1": last}, {}))
    state = load(tmp_path / "state", RUN)
    assert state is not None
    again = Household(plain)
    put_back(state, {"h1": again})
    assert again.advance(3 * SLOT_MS) == household.advance(3 * SLOT_MS)


def test_there_is_no_state_before_the_first_save(tmp_path: Path) -> None:
    assert load(tmp_path / "none", RUN) is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"epoch_s": 2_000}, "another epoch_s; name another file"),
        ({"day": "06-16", "homes": ["h2"]}, "another day, homes; name another file"),
    ],
)
def test_a_state_of_another_run_is_refused(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    household, last = lived(1)
    save(tmp_path / "state", capture(RUN, {"h1": household}, {"h1": reading(HOME, last, Clock(1_000, 5))}, {}))
    with pytest.raises(StateError, match=fault):
        load(tmp_path / "state", RUN.model_copy(update=change))


@pytest.mark.parametrize("text", ["", "{", "{}", '{"run": 1}'])
def test_a_damaged_state_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").write_text(text)
    with pytest.raises(StateError, match=r"is damaged .*; remove it"):
        load(tmp_path / "state", RUN)
