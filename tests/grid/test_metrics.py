"""The metrics (4.1) to (4.3) of a series, against sums done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clients.common.grid import shipped
from clients.common.grid.grid import Grid
from clients.common.grid.limits import Limits, breaches
from clients.common.grid.metrics import metrics_of
from tests.grid.flows import flows

GRID = Grid(shipped.load("thesis-33"))


def test_metrics_are_the_thesiss_sums_over_the_series() -> None:
    p_w, q_var = flows(GRID.network, 11, slots=144, most_w=3000)
    solution = GRID.solve(p_w, q_var)
    metrics = metrics_of(solution, 600)
    assert (metrics.slots, metrics.failed_slots) == (144, 0)
    passing_w = [
        sum(max(value, 0) for value in high) + sum(max(-value, 0) for value in low)
        for high, low in zip(solution.transformer_high_w.tolist(), solution.transformer_low_w.tolist(), strict=True)
    ]
    assert metrics.imported_wh + metrics.exported_wh == pytest.approx(sum(passing_w) / 6)
    assert metrics.transformer_peak_w == pytest.approx(max(passing_w))
    assert metrics.peak_to_average == pytest.approx(144 * max(passing_w) / sum(passing_w))
    volts = solution.phase_neutral_v
    nominal_v = 410 / math.sqrt(3)
    assert metrics.highest_deviation_percent == pytest.approx(100 * (volts.max() - nominal_v) / nominal_v)
    assert metrics.lowest_deviation_percent == pytest.approx(100 * (volts.min() - nominal_v) / nominal_v)
    assert metrics.max_vuf_percent == pytest.approx(solution.vuf_percent.max())
    assert metrics.line_neutral_loss_wh == pytest.approx(solution.line_neutral_loss_w.sum() / 6)
    # The printed formula counts what conductors share at the rate of their own resistance.
    assert metrics.line_resistance_wh > metrics.line_phases_loss_wh + metrics.line_neutral_loss_wh


def test_slots_without_a_solution_are_counted_and_left_out() -> None:
    p_w, q_var = flows(GRID.network, 12, slots=3, most_w=3000)
    p_w[1, 0] = 10**6
    metrics = metrics_of(GRID.solve(p_w, q_var), 600)
    others = metrics_of(GRID.solve(p_w[[0, 2]], q_var[[0, 2]]), 600)
    assert (metrics.slots, metrics.failed_slots) == (3, 1)
    assert metrics.imported_wh == pytest.approx(others.imported_wh)
    assert metrics.max_vuf_percent == pytest.approx(others.max_vuf_percent)
    nothing = metrics_of(GRID.solve(p_w[[1]], q_var[[1]]), 600)
    assert math.isnan(nothing.max_vuf_percent)


def test_a_slot_has_a_length() -> None:
    with pytest.raises(ValueError, match="slot_seconds is 0, not positive"):
        metrics_of(GRID.solve(np.zeros((1, 33))), 0)


def test_breaches_name_the_slot_the_place_and_the_limit() -> None:
    p_w = np.zeros((5, 33))
    far = [home.id for home in GRID.network.homes].index("f01load00002")
    p_w[1, far], p_w[2, far], p_w[3, far] = 40_000, -48_000, 10**6
    found = breaches(GRID.solve(p_w), Limits(9.0, 70.0, transformer_percent=100.0))
    assert [(breach.slot, breach.kind, breach.where) for breach in found] == [
        (1, "voltage low", "bus Node_00011 phase b"),
        # What is given on b comes back through the neutral, which takes from c more than b rises.
        (2, "voltage low", "bus Node_00011 phase c"),
        (3, "no solution", "bus Node_00011 phase b"),
    ]
    given_by_all = GRID.solve(np.full((1, 33), -5000.0))
    assert [breach.kind for breach in breaches(given_by_all, Limits(deviation_percent=2, transformer_percent=200))] == [
        "voltage high"
    ]
    assert found[0].as_text().startswith("voltage low at bus Node_00011 phase b: -1")
    assert found[0].as_text().endswith("% where 9 % is allowed")
    assert found[2].as_text() == "no solution: worst at bus Node_00011 phase b"


def test_loadings_of_lines_and_transformer_are_watched_too() -> None:
    narrow = Grid(shipped.load("thesis-50"))
    p_w = np.zeros((2, 50))
    p_w[0] = [4000 if home.id.startswith("f01") else 0 for home in narrow.network.homes]
    p_w[1] = 4000
    kinds = [breach.kind for breach in breaches(narrow.solve(p_w), Limits(line_percent=30, deviation_percent=50))]
    assert kinds == ["line current", "line current"]
    kinds = [breach.kind for breach in breaches(narrow.solve(p_w), Limits(line_percent=1000, deviation_percent=50))]
    assert kinds == ["transformer"]
