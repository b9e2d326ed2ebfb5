"""Bands, effects, profiles and what reports look like."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clients.common.grid import shipped
from clients.common.grid.grid import Grid
from studies import chapter4, winter
from studies.band import Band, band
from studies.effect import effect_of, measured
from studies.equipment import ideal_battery, thesis_33
from studies.plots import bars, day_lines, lines
from studies.profiles import Profiles, clearest_winter_day, sun_wh_per_kwp
from studies.winter import Setting, Winter


def test_a_band_holds_its_mean_and_comes_out_the_same_each_time() -> None:
    days = {seed: [float(seed), seed + 2.0] for seed in range(6)}
    found = band(days)
    assert found == band(days)
    assert found.low < found.mean < found.high
    assert found.mean == pytest.approx(3.5)
    assert (found.least, found.most) == (0.0, 7.0)
    assert band({0: [4.0]}) == Band(4.0, 4.0, 4.0, 4.0, 4.0)
    with pytest.raises(ValueError, match="no day"):
        band({0: []})


def test_metrics_of_a_day_are_those_that_power_and_voltages_give_by_hand() -> None:
    network = shipped.load("thesis-33")
    grid = Grid(network)
    flow_wh = np.random.default_rng(1).uniform(-300, 300, (144, 33))
    found, solution = measured(grid, flow_wh), grid.solve(flow_wh * 6)
    leaving = -np.minimum(solution.transformer_low_w, 0).sum() / 6
    assert found.exported_wh == pytest.approx(leaving)
    losses = found.transformer_loss_wh + found.line_phases_loss_wh + found.line_neutral_loss_wh
    drawn = solution.transformer_high_w.sum() / 6 - flow_wh.sum()
    assert drawn == pytest.approx(losses, rel=1e-3)
    half = measured(grid, flow_wh / 2)
    assert effect_of(found, half)["line loss, phases"] == pytest.approx(75, abs=1)


def test_profiles_are_of_winter_days_and_each_home_of_the_year_is_used_before_any_twice() -> None:
    profiles = Profiles(5, 50, 6)
    first = {profiles.load_wh(home, 0).tobytes() for home in range(33)}
    assert len(first) == 33
    assert np.array_equal(profiles.load_wh(0, 1), Profiles(5, 33, 6).load_wh(0, 1))
    assert not np.array_equal(profiles.load_wh(0, 1), Profiles(6, 33, 6).load_wh(0, 1))
    assert clearest_winter_day() == "02-24"
    assert sun_wh_per_kwp("02-24").sum() == pytest.approx(4290, abs=5)
    with pytest.raises(ValueError, match="days is 90"):
        Profiles(0, 1, 90)


def test_chapter_4_has_the_thesiss_homes() -> None:
    network = shipped.load("thesis-33")
    homes = thesis_33(network, ideal_battery(6000))
    kinds = [(bool(home.pv_wp), home.battery is not None) for home in homes]
    assert [kinds.count(kind) for kind in ((False, False), (False, True), (True, True))] == [8, 8, 17]


def test_drawings_are_svg_and_the_same_each_time() -> None:
    one = Band(1.0, 0.5, 1.5, 0.0, 2.0)
    drawn = [
        bars({"a": {"x": one}, "b": {"x": one}}, "%"),
        lines({"x": [one, one]}, [0, 1], "share", "%", reference=1),
        day_lines({"x": np.arange(144.0)}, "V", limits=[100]),
    ]
    assert all(ET.fromstring(svg).tag.endswith("svg") for svg in drawn)
    assert drawn[0] == bars({"a": {"x": one}, "b": {"x": one}}, "%")


def test_study_4_writes_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Plans are what takes long: three homes with a battery are enough here.
    few = [
        replace(owned, battery=owned.battery if number in (4, 6, 8) else None)
        for number, owned in enumerate(thesis_33(shipped.load("thesis-33"), ideal_battery(6000)))
    ]
    monkeypatch.setattr(winter, "thesis_33", lambda *_: few)
    one = Winter(1).outcome(0, 0, Setting())
    monkeypatch.setattr(Winter, "outcome", lambda *_: one)
    assert chapter4.main(["--seeds", "1", "--days", "1", "--times", "1", "--out", str(tmp_path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "study-4.json").read_text())
    excess = printed["figures"]["reduction_percent"]["6000 Wh"]["excess to MV"]["mean"]
    assert excess == pytest.approx(100 * (1 - one.with_market.exported_wh / one.without.exported_wh))
    apart, together = printed["figures"]["many_homes"]
    # Names decide between equal prices, and one neighbourhood alone is all there is to join.
    assert apart["traded_wh"] == pytest.approx(together["traded_wh"], rel=0.01)
    page = (tmp_path / "study-4.html").read_text()
    assert page.count("<svg") == 2 + 3
    peak = f"{one.without.transformer_peak_w / 1000:.2f}"
    assert f"<td>transformer peak (4.2a)</td><td>kW</td><td>{peak}</td>" in page
    assert "<figcaption>how long the transformer carries how much" in page
    assert not re.search(r"(src|href)=.http", page)
    assert (tmp_path / "study-4.md").read_text().startswith("# Chapter 4")


@pytest.mark.parametrize("wrong", [["--seeds", "0"], ["--days", "x"], ["--times", "-1"]])
def test_a_wrong_option_is_refused_with_its_bounds(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        chapter4.main(wrong)
    assert refused.value.code == 2
    assert "is not a whole number from" in capsys.readouterr().err


def test_a_folder_that_can_not_be_written_is_told_before_any_day_is_lived(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert chapter4.main(["--out", str(tmp_path / "file")]) == 1
    assert "give --out" in capsys.readouterr().err
