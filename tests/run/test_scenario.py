"""What the run of a chapter of the thesis has: its grid, and the homes that get a phase switch."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from clients.common.grid.feeders import feeder_of_bus
from clients.common.slots import SLOTS_PER_DAY
from clients.dso.phases.allocation import allocate
from clients.dso.phases.household import Household
from emulator.homes import DEFAULT_DAY
from emulator.scenario import Scenario, homes_of
from node.run.scenario import GridPlan, plan_of


def unbalance_wh2(plan: GridPlan, switched: Collection[str], ago: int) -> float:
    """(5.1) of all feeders for a day's mean flows, ``ago`` days before, with these homes moved as is best."""
    lived = {home.id: home for home in homes_of(plan.scenario, DEFAULT_DAY)}
    feeders = feeder_of_bus(plan.network)
    day = range(-ago * SLOTS_PER_DAY, (1 - ago) * SLOTS_PER_DAY)
    households = []
    for at in plan.network.homes:
        home = lived[at.id]
        mean_wh = sum(home.load_at(slot) - home.pv_at(slot) for slot in day) // (6 * SLOTS_PER_DAY)
        households.append(Household(at.id, feeders[at.bus], at.phase, mean_wh, at.id in switched))
    return float(sum(allocate(households).objective_wh2.values()))


@pytest.mark.parametrize("scenario", [Scenario.CHAPTER_5, Scenario.CHAPTER_6])
def test_the_homes_with_a_switch_are_those_that_balance_what_was_known_of_the_week_before(scenario: Scenario) -> None:
    plan = plan_of(scenario, DEFAULT_DAY)
    assert plan == plan_of(scenario, DEFAULT_DAY)
    assert len(set(plan.switched)) == 6
    homes = [home.id for home in plan.network.homes]
    assert set(plan.switched) <= set(homes)
    spread = {homes[number * len(homes) // 6] for number in range(6)}
    week = range(1, 8)
    chosen, by_number = (sum(unbalance_wh2(plan, those, ago) for ago in week) for those in (plan.switched, spread))
    assert chosen < by_number / 2
    # Another day's week has other flows.
    assert plan_of(scenario, "01-15").switched != plan.switched


def test_chapter_4_has_no_switches_and_a_day_that_is_not_in_the_data_is_refused() -> None:
    assert plan_of(Scenario.CHAPTER_4, DEFAULT_DAY).switched == ()
    with pytest.raises(ValueError, match="02-30"):
        plan_of(Scenario.CHAPTER_4, "02-30")
