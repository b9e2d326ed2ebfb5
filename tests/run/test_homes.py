"""Which homes a run has."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.csv_input import DataError
from emulator.scenario import Scenario
from node.run.homes import homes_lived
from node.run.scenario import plan_of
from tests.emulator.test_csv_input import HOMES, write


def test_own_homes_are_all_of_them_or_as_many_as_asked_for(tmp_path: Path) -> None:
    write(tmp_path)
    assert [home.id for home in homes_lived("01-01", data=tmp_path)] == ["c", "b", "a"]
    assert [home.id for home in homes_lived("01-01", 2, tmp_path)] == ["c", "b"]
    assert [home.id for home in homes_lived("01-01", 4, tmp_path)] == ["c", "b", "a", "c-2"]
    assert len(homes_lived("06-15")) == 33
    assert len(homes_lived("06-15", 5)) == 5


def test_homes_that_no_run_can_have_are_refused_with_a_way_out(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(ValueError, match="day is '06-15'; give a day as MM-DD, 12-31 to 01-01"):
        homes_lived("06-15", data=tmp_path)
    with pytest.raises(ValueError, match="leave out --data or --scenario"):
        homes_lived("01-01", data=tmp_path, plan=plan_of(Scenario.CHAPTER_4, "06-15"))
    write(tmp_path, homes="\n".join(HOMES.splitlines()[:2]))
    with pytest.raises(ValueError, match="1 homes; a run has 2 to 1000"):
        homes_lived("01-01", data=tmp_path)
    write(tmp_path, homes=HOMES.replace("9000,4000", "90000,59272"))
    with pytest.raises(ValueError, match=r"c could have more than 10000 Wh in a slot, .* to 60000 W"):
        homes_lived("01-01", data=tmp_path)
    write(tmp_path, homes=HOMES.replace("9000,4000", "90000,59271"))
    assert len(homes_lived("01-01", data=tmp_path)) == 3
    with pytest.raises(DataError, match=r"load_w.csv: empty"):
        homes_lived("01-01", data=write(tmp_path, load=""))
