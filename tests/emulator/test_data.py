"""The built-in year: its checksum, its energy, the mix of the homes; and the day that is the default."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from emulator import DEFAULT_DAY, neighbourhood
from emulator.dataset import DataError, builtin
from emulator.units import SLOTS_A_DAY

DATA = Path(str(files("emulator") / "data"))
SUMS = json.loads((DATA / "year.json").read_text())
HOMES = list(csv.DictReader((DATA / "homes.csv").read_text().splitlines()))
GENERATORS = [(24, 3), (22, 2), (13, 3), (12, 2), (9, 2), (7, 1), (23, 1), (18, 1), (11, 3), (15, 2), (24, 3), (17, 3)]
GENERATORS += [(11, 1), (14, 3), (22, 2), (19, 1), (13, 2)]
"""Bus and phase of the 17 generators of the published network."""


def test_the_year_s_file_is_the_one_that_the_source_document_names() -> None:
    digest = hashlib.sha256((DATA / "year.npz").read_bytes()).hexdigest()
    assert digest == SUMS["sha256"]
    assert digest in (DATA / "SOURCE.md").read_text()
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 5_000_000


@pytest.mark.parametrize("row", HOMES, ids=[row["id"] for row in HOMES])
def test_a_home_s_yearly_energy_is_what_was_asked_and_what_the_table_says(row: dict[str, str]) -> None:
    kwh = float(builtin().load_w[row["id"]].sum()) / 6 / 1000
    asked = float(row["yearly_kwh"])
    assert kwh == pytest.approx(asked, rel=0.005)
    assert kwh == pytest.approx(SUMS["load_kwh"][row["id"]]["kwh"], abs=0.06)
    usual = {1: 1_900, 2: 2_700, 3: 3_400, 4: 4_000, 5: 4_700}[int(row["occupants"])]
    assert 0.84 <= asked / usual <= 1.16
    assert 0.6 <= asked / SUMS["load_kwh"][row["id"]]["model_kwh"] <= 1.6, "rescaling would distort the peaks"
    assert (
        f"| {row['id']} | {row['kind']} | {row['occupants']} | {row['yearly_kwh']} |"
        in (DATA / "SOURCE.md").read_text()
    )


def test_a_kilowatt_peak_makes_what_it_does_in_the_upper_rhine_valley() -> None:
    for name, curve in builtin().pv_w_per_kwp.items():
        kwh = float(curve.sum()) / 6 / 1000
        assert kwh == pytest.approx(SUMS["pv_kwh_per_kwp"][name], abs=0.06)
        assert 800 <= kwh <= 1_100
        assert curve.max() <= 1_000
        assert curve.reshape(365, SLOTS_A_DAY)[:, [0, 143]].sum() == 0


def test_all_homes_are_distinct_and_none_is_ever_dark() -> None:
    loads = np.stack(list(builtin().load_w.values()))
    assert loads.shape == (33, 365 * SLOTS_A_DAY)
    assert np.abs(np.corrcoef(loads) - np.eye(33)).max() < 0.5
    assert loads.min() > 0


def test_the_mix_is_the_thesis_s_and_pv_stands_where_the_network_has_generators() -> None:
    homes = neighbourhood(33)
    assert Counter(home.kind for home in homes) == {"plain": 8, "battery": 8, "pv_battery": 17}
    assert sorted((home.bus, home.phase) for home in homes if home.pv_wp) == sorted(GENERATORS)
    sizes = [home.pv_wp for home in homes if home.pv_wp]
    assert sorted(sizes) == list(range(3_000, 5_001, 125))
    for home in homes:
        assert (home.battery is None) is (home.kind == "plain")
        if home.battery:
            rating = home.battery
            assert (rating.capacity_wh, rating.power_w, rating.min_wh, rating.max_wh) == (6_000, 3_000, 1_200, 4_800)


@pytest.mark.parametrize("count", range(1, 34))
def test_any_number_of_homes_has_the_mix_of_the_whole(count: int) -> None:
    homes = neighbourhood(count)
    assert len({home.id for home in homes}) == count
    kinds = Counter[str](home.kind for home in homes)
    for kind, share in {"plain": 8 / 33, "battery": 8 / 33, "pv_battery": 17 / 33}.items():
        assert abs(kinds[kind] - share * count) < 1


def test_more_homes_repeat_the_profiles_in_other_weeks_under_new_ids() -> None:
    homes = neighbourhood(100)
    assert len({home.id for home in homes}) == len({home.meter for home in homes}) == 100
    first, second, third = homes[0], homes[33], homes[66]
    assert (first.id, second.id, third.id) == ("f01load00001", "f01load00001-2", "f01load00001-3")
    week = 7 * SLOTS_A_DAY
    assert [second.load_at(slot) for slot in range(300)] == [first.load_at(slot + week) for slot in range(300)]
    assert [third.load_at(slot) for slot in range(300)] == [first.load_at(slot - week) for slot in range(300)]
    assert np.array_equal(second.pv_w, first.pv_w)


def test_index_zero_is_midnight_of_the_chosen_day_and_the_year_wraps() -> None:
    new_year, last = neighbourhood(1, "01-01")[0], neighbourhood(1, "12-31")[0]
    assert [last.load_at(SLOTS_A_DAY + slot) for slot in range(9)] == [new_year.load_at(slot) for slot in range(9)]
    assert new_year.load_at(-1) == last.load_at(SLOTS_A_DAY - 1)


def test_the_default_day_is_sunny_with_a_surplus_and_follows_a_sunny_one() -> None:
    homes = neighbourhood(33, DEFAULT_DAY)
    surplus = [
        sum(home.pv_at(slot) - home.load_at(slot) for home in homes) for slot in range(-SLOTS_A_DAY, SLOTS_A_DAY)
    ]
    assert sum(watts > 0 for watts in surplus[SLOTS_A_DAY:]) >= 70
    assert sum(watts > 0 for watts in surplus[:SLOTS_A_DAY]) >= 70
    assert sum(watts < 0 for watts in surplus[SLOTS_A_DAY:]) >= 50


@pytest.mark.parametrize("day", ["02-29", "13-01", "6-15", "2018-06-15", "", "june"])
def test_a_day_that_is_none_is_refused_with_the_days_there_are(day: str) -> None:
    with pytest.raises(ValueError, match="give a day as MM-DD, 01-01 to 12-31"):
        neighbourhood(1, day)


@pytest.mark.parametrize(
    ("homes", "battery_wh", "fault"), [(0, None, "homes is 0"), (10_001, None, "10001"), (1, 4, "4")]
)
def test_impossible_numbers_of_homes_or_battery_sizes_are_refused(
    homes: int, battery_wh: int | None, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        neighbourhood(homes, battery_wh=battery_wh)


def test_the_thesis_s_other_battery_sizes_can_be_asked_for() -> None:
    for size in (3_000, 9_000):
        assert {home.battery.capacity_wh for home in neighbourhood(33, battery_wh=size) if home.battery} == {size}


def test_a_damaged_year_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("homes.csv", "year.json"):
        (tmp_path / "data" / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "data" / "year.npz").write_bytes((DATA / "year.npz").read_bytes()[:-1] + b"x")
    monkeypatch.setattr("emulator.dataset.files", lambda _: tmp_path)
    with pytest.raises(DataError, match=r"year\.npz: its SHA-256 is not"):
        builtin.__wrapped__()
