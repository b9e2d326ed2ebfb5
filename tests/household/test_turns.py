"""Plans of many homes, and the signals that come meanwhile."""

from __future__ import annotations

import asyncio

from clients.household.turns import Turns


async def test_plans_wait_while_homes_answer_but_not_for_longer_than_they_may() -> None:
    loop, turns = asyncio.get_running_loop(), Turns()
    turns.begin(0.3)
    begun_s = loop.time()
    await turns.others()
    assert loop.time() - begun_s < 0.2
    turns.asked()
    await turns.others()
    assert loop.time() - begun_s >= 0.2
    # A session that goes on and on doesn't keep plans from being made: all this would be four seconds.
    for _ in range(20):
        turns.asked()
        await turns.others()
    assert 0.3 <= loop.time() - begun_s < 2.0


async def test_what_needs_some_steps_of_the_loop_is_done_between_two_plans() -> None:
    turns, passed = Turns(), []

    async def message() -> None:
        for step in range(5):
            await asyncio.sleep(0)
            passed.append(step)

    task = asyncio.create_task(message())
    await turns.others()
    assert task.done()
    assert passed == list(range(5))
