"""The sensitivity analysis: what each PCC may draw, and that it is neither too much nor, for no reason, too little."""

from __future__ import annotations

import numpy as np
import pytest

from clients.common.grid import shipped
from clients.common.grid.allowed import Allowance, allowed_aggregates
from clients.common.grid.grid import Grid
from clients.common.grid.limits import Limits, used
from clients.common.grid.solution import Real

GRID = Grid(shipped.load("thesis-50"))
HOMES = [home.id for home in GRID.network.homes]
HOURS = 600 / 3600
CHANCE = np.random.default_rng(4)
PLANS = {
    "evening": CHANCE.uniform(0, 1500, 50),
    "mixed": CHANCE.uniform(-2500, 1500, 50),
    "noon beyond the transformer": np.full(50, -5000.0),
}


def moved(plan_w: Real, allowance: Allowance, to_wh: float) -> Real:
    """The plan with a PCC's aggregate changed, shared among its homes as the analysis says."""
    numbers = [HOMES.index(name) for name in allowance.households]
    change_w = to_wh / HOURS - plan_w[numbers].sum()
    shares = np.maximum(np.sign(change_w) * plan_w[numbers], 0)
    after = plan_w.copy()
    after[numbers] += change_w * (shares / shares.sum() if shares.sum() > 0 else 1 / len(numbers))
    return after


@pytest.mark.parametrize("name", ["evening", "mixed"])
def test_alone_a_pcc_may_go_to_its_bounds_and_no_further(name: str) -> None:
    plan_w = PLANS[name]
    for allowance in allowed_aggregates(GRID, plan_w):
        assert allowance.alone.min_wh < allowance.planned_wh < allowance.alone.max_wh
        bounds = allowance.alone
        inside = [moved(plan_w, allowance, wh) for wh in (bounds.min_wh, bounds.max_wh)]
        outside = [moved(plan_w, allowance, wh) for wh in (bounds.min_wh - 2, bounds.max_wh + 2)]
        assert (used(GRID.solve(inside), Limits()) < 1).all()
        assert (used(GRID.solve(outside), Limits()) >= 1).all()
        assert bounds.min_reason
        assert bounds.max_reason


@pytest.mark.parametrize("name", ["evening", "mixed"])
def test_together_all_pccs_may_go_anywhere_within_their_bounds(name: str) -> None:
    plan_w = PLANS[name]
    allowances = allowed_aggregates(GRID, plan_w)
    cases = []
    for _ in range(500):
        case = plan_w
        for allowance in allowances:
            bounds = allowance.together
            # Mostly to the ends, where it is hardest.
            wh = CHANCE.choice([bounds.min_wh, bounds.max_wh, CHANCE.uniform(bounds.min_wh, bounds.max_wh)])
            case = moved(case, allowance, wh)
        cases.append(case)
    assert used(GRID.solve(np.array(cases)), Limits()).max() < 1.001
    for allowance in allowances:
        assert allowance.alone.min_wh <= allowance.together.min_wh < allowance.planned_wh
        assert allowance.planned_wh < allowance.together.max_wh <= allowance.alone.max_wh


def test_a_plan_that_breaks_a_limit_is_cut_back_with_the_reason() -> None:
    plan_w = PLANS["noon beyond the transformer"]
    allowances = allowed_aggregates(GRID, plan_w)
    assert {allowance.phase for allowance in allowances} == {"a", "b", "c"}
    cut = [allowance for allowance in allowances if allowance.together.min_wh > allowance.planned_wh]
    assert cut
    assert all("transformer00001" in allowance.together.min_reason for allowance in cut)
    case = plan_w
    for allowance in allowances:
        case = moved(case, allowance, max(allowance.planned_wh, allowance.together.min_wh))
    assert used(GRID.solve(case[None]), Limits())[0] < 1.001


def test_limits_that_not_even_idle_homes_keep_leave_nothing_and_say_so() -> None:
    allowances = allowed_aggregates(GRID, np.zeros(50), limits=Limits(deviation_percent=0.001))
    assert {(allowance.together.min_wh, allowance.together.max_wh) for allowance in allowances} == {(0, 0)}
    assert all("0.001 % is allowed" in allowance.together.max_reason for allowance in allowances)


def test_bounds_follow_homes_that_change_phase() -> None:
    on_a = allowed_aggregates(GRID, PLANS["evening"], phases=np.zeros(50, int))
    assert [(allowance.feeder, allowance.phase) for allowance in on_a] == [
        ("f01switch00001", "a"),
        ("f02switch00002", "a"),
    ]
    assert sum(len(allowance.households) for allowance in on_a) == 50


def test_a_slot_has_a_length() -> None:
    with pytest.raises(ValueError, match="slot_seconds is -1, not positive"):
        allowed_aggregates(GRID, np.zeros(50), slot_seconds=-1)
