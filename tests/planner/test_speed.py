"""How long plans may take, in CPU seconds of one core, so that other work on the machine counts little."""

from __future__ import annotations

import statistics
import time

from clients.household.planner.planner import Planner
from tests.bench.planning import SLOTS, problems

PLAN_SECONDS = 0.010
NEIGHBOURHOOD, NEIGHBOURHOOD_SECONDS = 33, 0.5


def test_a_plan_of_144_slots_takes_less_than_10_ms_and_33_homes_less_than_half_a_second() -> None:
    planner = Planner()
    seconds = []
    for problem in problems(NEIGHBOURHOOD):
        assert problem.slots == SLOTS
        started = time.thread_time()
        planner.plan(problem)
        seconds.append(time.thread_time() - started)
    assert statistics.median(seconds) < PLAN_SECONDS
    assert sum(seconds) < NEIGHBOURHOOD_SECONDS
