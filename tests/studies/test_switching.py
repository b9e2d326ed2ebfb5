"""Homes on other phases, and how many it takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clients.dso.phases.selection import Method
from studies import chapter5, deployment
from studies.deployment import deploy, vuf
from studies.equipment import SCENARIOS, ideal_battery, thesis_50
from studies.switching import Phases, Switching
from tests.studies import lived


def imbalance(switching: Switching, phases: Phases, commitment_wh: np.ndarray) -> float:
    """(5.1) by hand, over all feeders."""
    total = 0.0
    for feeder in set(switching.feeders):
        here = np.array([name == feeder for name in switching.feeders])
        sums = np.array([commitment_wh[here & (phases == phase)].sum() for phase in range(3)])
        total += float(((sums - sums.mean()) ** 2).sum())
    return total


def test_switched_homes_balance_every_slot_and_others_stay() -> None:
    switching, day = Switching(lived.GRID_50.network), lived.day(1)
    switched = frozenset({0, 7, 21, 30})
    phases = switching.day(day.committed_wh, switched)
    moved = {int(home) for home in np.nonzero(phases != switching.own)[1]}
    assert moved
    assert moved <= switched
    for slot in range(lived.FEW):
        committed = day.committed_wh[slot]
        assert imbalance(switching, phases[slot], committed) <= imbalance(switching, switching.own, committed)


def test_moving_for_good_balances_the_means_with_no_more_moves_than_allowed() -> None:
    week = lived.week()
    before = imbalance(week.switching, week.switching.own, week.mean_wh)
    for most in (0, 1, 3):
        phases = week.switching.moved_for_good(week.mean_wh, most)
        assert np.sum(phases != week.switching.own) <= most
        after = imbalance(week.switching, phases, np.round(week.mean_wh))
        assert after < before if most else after == pytest.approx(before, rel=1e-3)
        before = after + 1


def test_the_dsos_selection_adds_switches_beside_those_that_are_there() -> None:
    week = lived.week()
    first = week.selected(Method.HYBRID, 2)
    more = week.selected(Method.HYBRID, 2, first)
    assert more[:2] == first
    assert len(set(more)) == 4
    assert week.selected(Method.HIGHEST_AVERAGE_FLOW, 0) == []


def test_what_a_scenario_installs_stays_and_is_enough_or_said_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "MOST", 4)
    weeks = {"A": lived.week(0), "B": lived.week(5)}
    steps, outcomes = deploy(weeks)
    assert [step.scenario for step in steps] == ["A", "B"]
    assert steps[0].static <= steps[1].static
    assert steps[0].dynamic <= steps[1].dynamic <= 4
    for step in steps:
        found = outcomes[step.scenario]
        limit = vuf(found.without[0])
        assert (vuf(found.static[0]) <= limit) is step.static_enough
        assert (vuf(found.dynamic[0]) <= limit) is step.dynamic_enough


def test_the_scenarios_have_the_thesiss_homes_and_nobody_loses_anything() -> None:
    before = None
    for name, share in SCENARIOS.items():
        equipment = thesis_50(name, 3, ideal_battery(6000))
        kinds = [(bool(home.pv_wp), home.battery is not None) for home in equipment]
        assert kinds.count((True, True)) == share.pv_and_battery
        assert kinds.count((True, False)) == share.pv
        assert kinds.count((False, True)) == share.battery
        for home, was in zip(equipment, before or equipment, strict=True):
            assert home.pv_wp >= was.pv_wp
            assert home.battery is not None or was.battery is None
        before = equipment
    assert max(home.pv_wp for home in thesis_50("D", 3, ideal_battery(6000), panels=2.0)) > 5000


def test_study_5_writes_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "MOST", 2)
    weeks = iter([lived.week(seed) for seed in range(5)])
    monkeypatch.setattr(chapter5, "live_week", lambda *_: next(weeks))
    assert chapter5.main(["--seeds", "1", "--days", "1", "--out", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "study-5.json").read_text())["figures"]
    assert set(figures["homes_needed"]) == {"static", "dynamic", "better"}
    assert len(figures["steps"]["0"]) == 4
    assert "figure 5.13" in (tmp_path / "study-5.md").read_text()
