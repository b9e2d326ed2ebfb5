"""A battery's day outlives the agent's process: what it held at the beginning, and what has flowed since."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from clients.household.database import Database
from clients.household.diary import Diary
from clients.household.forecasting.forecast import SlotForecast
from clients.household.home import Home
from clients.household.plan import Rule
from clients.household.planned import DayEnd, Planned, PlanningSettings
from clients.household.slot_records import BatteryMemory
from clients.household.strategy import Plain
from tests.household.made import BATTERY, EVENING, expected, home, terms
from tests.household.test_planned import DAY, PLANNER, day_of, lived

FULL = BATTERY._replace(capacity_wh=6_000)
AFTERNOON = EVENING - 20


def started(
    database: Database, rules: PlanningSettings, forecast: list[SlotForecast], energy_wh: int
) -> tuple[Home, Diary]:
    """An agent as the service starts it, with the memory that the file has."""
    diary = Diary(database.slots)
    strategy = Planned(
        "h1",
        PLANNER,
        rules,
        Plain(Rule()),
        memory=database.slots.battery_day("h1"),
        remember=lambda memory: diary.battery_day("h1", memory),
    )
    return home(forecast, battery=FULL, energy_wh=energy_wh, strategy=strategy), diary


def day_with(folder: Path, rules: PlanningSettings, starts: list[int], energy_wh: int) -> list[int]:
    """What the battery holds after each slot from 60 on, with the agent started anew at some slots."""
    forecast = day_of(0)
    forecast[EVENING:DAY] = [expected(100, 0)] * (DAY - EVENING)
    held = [energy_wh]
    for first, last in zip(starts, [*starts[1:], DAY], strict=True):
        database = Database.open(folder / "household.db", "chain")
        agent, diary = started(database, rules, forecast, held[-1])
        held += lived(agent, forecast, range(first, last), FULL, held[-1])
        diary.keep(last - 1)
        database.close()
    return held


def moved_wh(held: list[int]) -> int:
    return sum(abs(after - before) for before, after in pairwise(held))


def test_the_cycle_that_is_used_up_stays_used_up_after_a_restart(tmp_path: Path) -> None:
    rules = PlanningSettings(max_cycles=0.1)
    restarts = [60, AFTERNOON, EVENING - 6, EVENING + 6, EVENING + 12]
    (tmp_path / "a").mkdir()
    once = day_with(tmp_path / "a", rules, [60], FULL.min_wh)
    again = day_with(tmp_path, rules, restarts, FULL.min_wh)
    assert 0 < moved_wh(again) <= 2 * 0.1 * 6_000 + 5
    assert moved_wh(once) == pytest.approx(moved_wh(again), abs=20)


def test_the_day_ends_as_it_began_however_often_the_agent_was_started(tmp_path: Path) -> None:
    rules = PlanningSettings(day_end=DayEnd.AS_BEGUN)
    held = day_with(tmp_path, rules, [60, AFTERNOON, EVENING + 6], 3_000)
    assert max(held) > 3_500
    assert held[-1] == pytest.approx(3_000, abs=60)


def test_what_flowed_while_the_agent_was_away_counts_and_another_day_begins_anew() -> None:
    told: list[BatteryMemory] = []
    memory = BatteryMemory(day=0, start_wh=3_000.0, moved_wh=500.0, seen_wh=2_000)
    strategy = Planned("h1", PLANNER, PlanningSettings(), Plain(Rule()), memory=memory, remember=told.append)
    agent = home(day_of(0), now=100, battery=FULL, energy_wh=2_300, strategy=strategy)
    agent.decide(terms(), 100)
    assert told[-1] == BatteryMemory(0, 3_000.0, 800.0, 2_300)
    agent.decide(terms(), DAY - 1)
    assert (told[-1].day, told[-1].moved_wh) == (1, 0.0)
