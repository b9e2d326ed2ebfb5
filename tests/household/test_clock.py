"""A machine whose clock is wrong: ahead, behind, or jumping. The house is safe, and nothing is ordered twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from clients.household import trader as trader_module
from tests.household.made import SLOT_SECONDS, telemetry
from tests.household.test_reactions import BOOKS, EUR, LACKING, NOW, Place

WRONG_SLOTS = 12
SECONDS = 20.0


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A home that lacks energy and has money; chain and inverter have the right time."""
    one = Place(tmp_path, LACKING, EUR)
    await one.open()
    right(one, NOW)
    yield one
    await one.sender.close()


def right(place: Place, slot: int) -> None:
    """Chain and inverter are in a slot."""
    place.chain.time_s = place.epoch_s + slot * SLOT_SECONDS + 1
    place.home.measurements.take_telemetry(telemetry(slot))


def nothing_twice(place: Place) -> None:
    """An order that stands is replaced by another one at most, never by itself."""
    seen = [(order.product, order.slot, order.energy_wh, order.limit_price_neur_per_wh) for order in place.orders()]
    assert len(seen) == len(set(seen))


async def test_an_agent_that_is_hours_ahead_orders_nothing_for_a_house_that_it_does_not_hear(place: Place) -> None:
    await place.trader.pass_slot(NOW + WRONG_SLOTS)
    await place.settle()
    assert place.orders() == []
    assert not place.home.account.suspended
    await place.pass_slot(NOW)
    assert len(place.orders()) == BOOKS
    nothing_twice(place)


async def test_the_orders_of_an_agent_that_is_hours_behind_come_too_late_and_leave_nothing(place: Place) -> None:
    await place.trader.pass_slot(NOW - WRONG_SLOTS)
    await place.settle()
    assert place.orders() == []
    assert place.home.account.orders == {}
    assert not place.home.account.suspended
    assert set(place.sender.results) <= {"OK", "GATE_CLOSED", "SLOT_OUT_OF_RANGE", "EXPIRED", "SLOT_CLOSED"}
    await place.pass_slot(NOW)
    assert len(place.orders()) == BOOKS
    nothing_twice(place)


class Clock:
    """This machine's, as somebody sets it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.slot = NOW

    def time(self) -> float:
        """The middle of a slot."""
        return self._place.epoch_s + (self.slot + 0.5) * SLOT_SECONDS

    def process_time(self) -> float:
        """As it is."""
        return time.process_time()


async def test_an_agent_whose_clock_is_set_forth_and_back_goes_on_at_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(place)
    monkeypatch.setattr(trader_module, "time", clock)
    place.trader.block_seen(place.epoch_s + (NOW + 100) * SLOT_SECONDS)
    running = asyncio.create_task(place.trader.run())
    try:
        await until(lambda: place.trader._planned_slot == NOW)
        await place.settle()
        assert len(place.orders()) == BOOKS
        for slot in (NOW + 30, NOW + 1, NOW):
            if slot != NOW + 30:
                right(place, NOW + 1)
            clock.slot = slot
            await until(lambda slot=slot: place.trader._planned_slot == slot)  # type: ignore[misc]  # slot binds
            await place.settle()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    # The book of one more slot of each product has opened; those before stand as they were.
    assert BOOKS < len(place.orders()) <= BOOKS + 2
    nothing_twice(place)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, or fail."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)
