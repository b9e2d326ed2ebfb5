"""The report's figures and plots of the grid: a day with the market beside the same day without."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict
from functools import partial
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from clients.common.grid.grid import Grid
from clients.common.grid.metrics import metrics_of
from clients.common.grid.shipped import load
from clients.common.grid.solution import Solution
from emulator.homes import neighbourhood
from node.grid_report.plots import duration_curve, heat_map, voltage_band
from node.grid_report.report import grid_report
from node.grid_report.section import grid_section
from node.run.assembly import assemble, grid_day
from node.run.comparison import without_market
from node.run.grid_day import network_of, solve_day
from node.run.page import render
from node.run.schema import schema_text
from tests.run.samples import SLOTS, observed
from wire.control import Phase, PhaseConfirmed

NETWORK = load("thesis-33")
HOURS = [slot / 6 for slot in range(144)]
CHANCE = np.random.default_rng(7)
WITHOUT_W = CHANCE.uniform(-3000, 2000, (144, 33))


def solved(p_w: np.ndarray) -> Solution:
    return Grid(NETWORK).solve(p_w)


WITHOUT, WITH = solved(WITHOUT_W), solved(WITHOUT_W / 2)


def test_the_figures_are_the_metrics_of_both_series() -> None:
    report = grid_report(WITH, WITHOUT, 600)
    assert report.network == "thesis-33"
    for told, solution in ((report.with_market, WITH), (report.without_market, WITHOUT)):
        for name, value in asdict(metrics_of(solution, 600)).items():
            assert getattr(told, name) == pytest.approx(value, abs=1e-4)
    assert report.with_market.transformer_peak_w < report.without_market.transformer_peak_w


def test_the_page_shows_each_metric_twice_and_its_change_and_needs_nothing_from_outside() -> None:
    report = grid_report(WITH, WITHOUT, 600)
    html = grid_section(report, WITH, WITHOUT, HOURS)
    peak_kw = [f"<td>{part.transformer_peak_w / 1000:.2f}" for part in (report.without_market, report.with_market)]
    change = 100 * (report.with_market.transformer_peak_w / report.without_market.transformer_peak_w - 1)
    assert "".join(peak_kw) + f"<td>{change:+.1f} %" in html
    for equation in ("(4.1a)", "(4.1b)", "(4.2a)", "(4.2b)", "(4.3b)", "(4.3c)"):
        assert equation in html
    assert html.count("<svg") == 3
    assert "src=" not in html
    assert not [part for part in html.split('href="')[1:] if not part.startswith(("#", "data:image/png"))]


def test_slots_in_which_control_starts_are_counted_and_the_worst_is_told() -> None:
    near_w = np.where(np.arange(144)[:, None] == 70, 3_600.0, WITHOUT_W / 10)
    near_w[71] = 6_000.0
    near_w[72] = 10.0**6
    near = solved(near_w)
    report = grid_report(near, WITHOUT, 600)
    told = report.with_market
    assert (told.watched_slots, told.broken_slots, told.failed_slots) == (2, 1, 1)
    page = grid_section(report, near, WITHOUT, HOURS)
    assert "With the market 2 slots reach a limit at which control starts, 1 of them one that must hold; " in page
    assert "worst is slot 71: transformer at transformer00001: " in page


@pytest.mark.parametrize("slots", [1, 3])
def test_plots_are_images_and_the_same_for_the_same_figures(slots: int) -> None:
    series = solved(WITHOUT_W[:slots] / 2), solved(WITHOUT_W[:slots])
    for plot in (
        partial(heat_map, *series, HOURS[:slots]),
        partial(voltage_band, *series, HOURS[:slots]),
        partial(duration_curve, *series),
    ):
        drawn = plot()
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        # One of a kind is enough: what draws is the same.
        assert slots > 1 or drawn == plot()


def test_the_heat_map_has_each_feeder_with_its_length() -> None:
    drawn = heat_map(WITH, WITHOUT, HOURS)
    for text in ("f01switch00001", "f02switch00002", "348 m", "without the market", "with it"):
        assert text in drawn


def test_a_slot_without_a_solution_is_told_and_left_out() -> None:
    broken = solved(np.where(np.arange(144)[:, None] == 5, 10**6, WITHOUT_W))
    report = grid_report(WITH, broken, 600)
    assert report.without_market.failed_slots == 1
    told = grid_section(report, WITH, broken, HOURS)
    assert "1 slots have no solution without the market" in told
    assert told.count("<li>") == 1
    # By its number in the day, and the others are as they would be without it.
    later = grid_section(report, WITH, broken, [hour + 1.5 for hour in HOURS])
    assert "<li>slot 5: the flows don&#x27;t converge, worst at bus Node_" in told
    assert "<li>slot 14: the flows don&#x27;t converge, worst at bus Node_" in later
    assert np.array_equal(np.delete(broken.phase_neutral_v, 5, 0), np.delete(WITHOUT.phase_neutral_v, 5, 0))
    all_broken = solved(np.full((144, 33), 10.0**6))
    many = grid_section(grid_report(all_broken, WITHOUT, 600), all_broken, WITHOUT, HOURS)
    assert many.count("<li>") == 11
    assert "<li>and 134 more" in many
    nothing = solved(np.full((2, 33), 10.0**6))
    assert grid_report(nothing, nothing, 600).with_market.max_vuf_percent is None


def test_a_runs_report_has_its_grid_by_the_documented_schema(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    seen = observed(tmp_path)
    day = grid_day(seen)
    assert day is not None
    report = assemble(seen, day)
    assert report.grid is not None
    jsonschema.validate(json.loads(report.model_dump_json()), json.loads(schema_text()))
    assert report.grid.with_market.slots == SLOTS
    assert "<h2>Grid</h2>" in render(report, [0.5], [0.4], [0.5], day)
    assert day.hours == (12.0, 12 + 1 / 6, 12 + 2 / 6)
    # What was proved, not what was traded: 300 Wh out and 200 Wh in, in each slot of ten minutes.
    flows = day.with_market
    losses_w = flows.transformer_loss_w + flows.line_phases_loss_w + flows.line_neutral_loss_w
    assert flows.transformer_high_w.sum(axis=1) == pytest.approx(-600 + losses_w, abs=0.1)


def test_a_home_counts_on_the_phase_that_its_switch_has_confirmed(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").write_text("")
    seen = observed(tmp_path)
    home, account = seen.homes[0]
    alone = {each.id: without_market(each, seen.timing) for each, _ in seen.homes}
    before = solve_day(seen.homes, seen.log, seen.timing, alone)
    own = next(each.phase for each in NETWORK.homes if each.id == home.id)
    to = Phase.PHASE_B if own != "b" else Phase.PHASE_C
    confirmed = PhaseConfirmed("v", seen.timing.from_slot + 1, account, to, to)
    seen.log.add_event(confirmed, 0.0)
    after = solve_day(seen.homes, seen.log, seen.timing, alone)
    assert before is not None
    assert after is not None
    moved = np.abs(after.with_market.feeder_w - before.with_market.feeder_w).max(axis=(1, 2))
    assert moved[0] == 0
    assert (moved[1:] > 1000).all()


def test_homes_stand_on_the_first_network_that_has_them_all_or_on_none() -> None:
    assert [network.name if (network := network_of(neighbourhood(many))) else None for many in (2, 33, 34)] == [
        "thesis-33",
        "thesis-33",
        None,
    ]
