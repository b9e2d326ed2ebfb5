"""Real-time control in a study: what the DSO watches, asks and gets."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from clients.common.grid.limits import Limits, used
from studies import chapter6
from studies.controlled import Controlled, Held, Watch
from studies.critical import _until_broken
from studies.noon import STAYING, Case, Lived, Noon
from tests.studies import lived

# More than the transformer carries, while what was committed isn't worth watching.
TOO_MUCH_WH = 620.0
COMMITTED_WH = 335


def over(flow_wh: np.ndarray, operate: Controlled, slot: int) -> float:
    solution = lived.GRID_50.solve(flow_wh[None] * 6, phases=operate.phases[slot])
    return float(used(solution, Limits())[0])


def after_a_free_slot(watch: Watch, *, control: bool) -> tuple[Controlled, np.ndarray, np.ndarray]:
    """Two slots alike: nothing is known in the first, so that whatever breaks a limit does."""
    agreed, flexibility, stores = lived.slot(TOO_MUCH_WH, committed_wh=COMMITTED_WH)
    operate = Controlled(lived.GRID_50, flexibility, watch, control=control)
    flows = []
    for _ in range(2):
        out = operate(agreed, stores)
        stores.move(out)
        flows.append(agreed.net_load_wh - out)
    return operate, flows[0], flows[1]


def test_a_slot_after_one_over_a_limit_is_controlled_and_keeps_all_limits() -> None:
    operate, first, second = after_a_free_slot(STAYING, control=True)
    assert over(first, operate, 72) > 1
    assert [session.status for session in operate.sessions] == ["converged"]
    assert over(second, operate, 72) <= 1.001
    assert operate.sessions[0].iterations < operate.sessions[0].thesis_iterations


def test_without_control_homes_hear_nothing_but_the_slot_is_noted() -> None:
    operate, first, second = after_a_free_slot(STAYING, control=False)
    assert operate.watched == [72]
    assert not operate.sessions
    assert over(first, operate, 72) > 1
    assert over(second, operate, 72) > 1


@pytest.mark.parametrize(("stays", "sessions"), [(True, 2), (False, 1)])
def test_control_stays_only_where_it_is_asked_to(stays: bool, sessions: int) -> None:
    agreed, flexibility, stores = lived.slot(TOO_MUCH_WH, committed_wh=COMMITTED_WH)
    operate = Controlled(lived.GRID_50, flexibility, Watch(Limits(), Limits(), stays))
    for _ in range(3):
        stores.move(operate(agreed, stores))
    assert len(operate.sessions) == sessions


def test_what_homes_can_not_do_is_told_and_they_do_what_they_can() -> None:
    agreed, flexibility, stores = lived.slot(1400.0)
    operate = Controlled(lived.GRID_50, flexibility, STAYING)
    for _ in range(2):
        out = operate(agreed, stores)
        stores.move(out)
    assert [session.status for session in operate.sessions] == ["unattainable"]
    assert operate.sessions[0].unattainable_wh > 0
    assert out.sum() > 1000


def test_homes_keep_within_their_stores_and_cycles() -> None:
    agreed, flexibility, stores = lived.slot(0.0)
    homes = flexibility.in_slot(agreed, stores)
    assert (homes.battery_min_wh <= homes.battery_max_wh).all()
    assert (homes.battery_max_wh <= stores.energy_wh - stores.min_wh + 1e-9).all()
    dark, _, _ = lived.slot(0.0, number=0)
    at_night = flexibility.in_slot(dark, stores)
    assert not at_night.battery_max_wh[flexibility.has_battery].any()
    assert at_night.battery_min_wh[~flexibility.has_battery].min() < 0


def test_study_6_writes_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = lived.day(2, 900, slots=144)
    solution = lived.GRID_50.solve(day.flow_wh * 6)
    one = Lived(day, solution, [Held(70, "converged", 5, 30, 0.0), Held(71, "unattainable", 0, 0, 9.0)], [70, 71])
    monkeypatch.setattr(Noon, "live", lambda *_, **__: one)
    assert chapter6.main(["--seeds", "2", "--days", "1", "--swept", "1", "--out", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "study-6.json").read_text())["figures"]
    row = figures["ways"]["control that stays, switches"]
    assert row["thesis's law, mean"]["mean"] == 30
    assert row["unattainable"]["mean"] == 1
    assert row["slots over a limit"]["mean"] == sum(used(solution, Limits()) >= 1)
    page = (tmp_path / "study-6.html").read_text()
    assert page.count("<svg") == 5 + 3
    assert "highest unbalance factor (4.3c)" in page


class _TwoDays:
    """A dull day whose loads use half of a limit, and a clear one whose panels use as much of it as they are large."""

    def live(self, case: Case, watch: Watch) -> Any:
        used = 0.5 if case.day == 0 else 0.4 * case.panels
        return SimpleNamespace(used=lambda limits: used, broken=lambda limits: [70] if used >= 1 else [])


def test_the_critical_day_is_the_one_whose_panels_break_a_limit_first() -> None:
    noon = cast("Noon", _TwoDays())
    case, day = _until_broken(noon, [Case(0, 0), Case(0, 1)], Limits())
    assert (case.day, case.panels) == (1, 2.5)
    assert day.broken(Limits()) == [70]


def test_panels_do_not_grow_for_ever_where_no_day_breaks_a_limit() -> None:
    case, day = _until_broken(cast("Noon", _TwoDays()), [Case(0, 0)], Limits())
    assert case.panels == 4.0
    assert not day.broken(Limits())
