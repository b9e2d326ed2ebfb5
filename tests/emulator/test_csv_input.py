"""Own CSV files: what is read, and that every fault of every file is named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import neighbourhood
from emulator.dataset import DataError, Dataset

HOMES = """id,bus,phase,kind,pv_wp,pv_curve,battery_wh,battery_w,battery_efficiency_permille
a,1,1,plain,0,,0,0,
b,2,3,pv,4000,roof,0,0,
c,2,2,pv_battery,3000,roof,9000,4000,950
"""


def profile(columns: str, days: list[str], value: int = 100) -> str:
    count = columns.count(",") + 1
    lines = [f"{day},{slot}" + f",{value + slot}" * count for day in days for slot in range(144)]
    return "\n".join([f"day,slot,{columns}", *lines]) + "\n"


def write(folder: Path, homes: str = HOMES, load: str | None = None, pv: str | None = None) -> Path:
    (folder / "homes.csv").write_text(homes)
    (folder / "load_w.csv").write_text(profile("a,b,c", ["12-31", "01-01"]) if load is None else load)
    (folder / "pv_w_per_kwp.csv").write_text(profile("roof", ["12-31", "01-01"]) if pv is None else pv)
    return folder


def test_own_homes_and_profiles_are_read(tmp_path: Path) -> None:
    homes = {home.id: home for home in neighbourhood(3, "01-01", data=write(tmp_path))}
    assert homes["a"].load_at(3) == 103
    assert homes["b"].pv_at(3) == 412
    assert homes["a"].pv_at(3) == 0
    battery = homes["c"].battery
    assert battery is not None
    assert (battery.capacity_wh, battery.power_w, battery.efficiency_permille) == (9_000, 4_000, 950)


def test_homes_without_pv_need_no_pv_file(tmp_path: Path) -> None:
    homes = "id,bus,phase,kind,pv_wp,pv_curve,battery_wh,battery_w\na,1,1,plain,0,,0,0\n"
    write(tmp_path, homes=homes)
    (tmp_path / "pv_w_per_kwp.csv").unlink()
    assert neighbourhood(1, "12-31", data=tmp_path)[0].load_at(0) == 100


def test_a_day_outside_own_data_is_refused_with_the_days_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give a day as MM-DD, 12-31 to 01-01 in this data"):
        neighbourhood(1, "06-15", data=write(tmp_path))


DAYS = ["12-31", "01-01"]
LOAD = profile("a,b,c", DAYS)


@pytest.mark.parametrize(
    ("homes", "load", "pv", "fault"),
    [
        ("", LOAD, None, "homes.csv: empty; begin with a header line"),
        ("id,bus\n", LOAD, None, "homes.csv: column phase is missing"),
        (HOMES.replace("battery_efficiency_permille", "colour"), LOAD, None, "homes.csv: column colour is unknown"),
        (HOMES.splitlines()[0], LOAD, None, "homes.csv: no homes"),
        (HOMES.replace("a,1,1,plain", "a,1,plain"), None, None, "homes.csv line 2: 8 values; the header has 9"),
        (HOMES.replace("b,2,3", "a,2,3"), None, None, "homes.csv line 3: id is 'a' a second time"),
        (HOMES.replace("a,1,1,", "a/+,1,1,"), None, None, "homes.csv line 2: id is 'a/+'"),
        (HOMES.replace("a,1,1,", "a,1,4,"), None, None, "homes.csv line 2: phase is '4'; give a whole number, 1 to 3"),
        (HOMES.replace("a,1,1,", "a,x,1,"), None, None, "homes.csv line 2: bus is 'x'"),
        (HOMES.replace("plain", "villa"), None, None, "kind is 'villa'; give one of plain, battery, pv, pv_battery"),
        (HOMES.replace("plain,0", "plain,1"), None, None, "pv_wp is 1 in a home of kind plain"),
        (HOMES.replace("4000,roof", "4000,"), None, None, "pv_curve is empty"),
        (HOMES.replace("9000,4000", "9000,0"), None, None, "battery_wh is 9000 and battery_w 0"),
        (HOMES.replace(",950", ",0"), None, None, "battery_efficiency_permille is '0'"),
        (HOMES, "", None, "load_w.csv: empty"),
        (HOMES, LOAD.replace("day,slot", "slot,day", 1), None, "load_w.csv: the header begins with 'slot,day'"),
        (HOMES, profile("a,b", DAYS), None, "load_w.csv: column c is missing; homes.csv asks for it"),
        (HOMES, profile("a,b,c,c", DAYS), None, "load_w.csv: column c stands twice"),
        (HOMES, LOAD.replace("12-31,5,105", "12-31,5,-1"), None, "load_w.csv line 7: a is '-1'; give whole watts"),
        (HOMES, LOAD.replace("12-31,5,105", "12-31,5,1.5"), None, "load_w.csv line 7: a is '1.5'"),
        (HOMES, LOAD.replace("12-31,5,105", "12-31,5,65536"), None, "load_w.csv line 7: a is '65536'"),
        (HOMES, LOAD.replace("12-31,5,105,", "12-31,5,"), None, "load_w.csv line 7: 4 values; the header has 5"),
        (HOMES, LOAD.replace("12-31,5,", "12-31,6,"), None, "load_w.csv line 7: slot is '6'; expected 5"),
        (HOMES, LOAD.replace("12-31,5,", "12-30,5,"), None, "load_w.csv line 7: day is '12-30'; expected 12-31"),
        (HOMES, profile("a,b,c", ["12-30", "01-01"]), None, "load_w.csv line 146: day is '01-01'; expected 12-31"),
        (HOMES, profile("a,b,c", ["02-29"]), None, "load_w.csv line 2: day is '02-29'; give MM-DD"),
        (HOMES, profile("a,b,c", ["1-1"]), None, "load_w.csv line 2: day is '1-1'; give MM-DD"),
        (HOMES, LOAD.rsplit("\n", 2)[0], None, "load_w.csv: 287 lines of values; give whole days of 144"),
        (HOMES, "day,slot,a,b,c\n", None, "load_w.csv: 0 lines of values"),
        (HOMES, None, profile("wall", DAYS), "pv_w_per_kwp.csv: column roof is missing"),
        (HOMES, None, profile("roof", ["12-31"]), "pv_w_per_kwp.csv: its days are not those of load_w.csv"),
        ('id,"bus\n', LOAD, None, "homes.csv: not a CSV file in UTF-8"),
    ],
)
def test_a_fault_is_named_with_file_line_value_and_way_out(
    tmp_path: Path, homes: str, load: str | None, pv: str | None, fault: str
) -> None:
    with pytest.raises(DataError) as caught:
        Dataset.read(write(tmp_path, homes, load, pv))
    assert any(problem.startswith(fault) or fault in problem for problem in caught.value.problems), caught.value


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    homes = HOMES.replace("a,1,1,", "a,1,7,").replace("9000,4000", "9000,0")
    load = LOAD.replace("12-31,5,105", "12-31,5,-1").replace("01-01,7,107", "01-01,7,x")
    write(tmp_path, homes, load)
    (tmp_path / "pv_w_per_kwp.csv").unlink()
    with pytest.raises(DataError) as caught:
        Dataset.read(tmp_path)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "homes.csv line 2",
        "homes.csv line 4",
        "load_w.csv line 7",
        "load_w.csv line 153",
        "pv_w_per_kwp.csv",
    ]


def test_a_year_that_runs_twice_through_a_day_is_refused(tmp_path: Path) -> None:
    days = [f"01-{day:02}" for day in range(1, 32)] + ["01-31"]
    with pytest.raises(DataError, match="expected 02-01"):
        Dataset.read(write(tmp_path, load=profile("a,b,c", days)))
