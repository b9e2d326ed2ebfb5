"""What changes in the house while a slot runs: its plan is made anew, at once but not for every word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from clients.household import trader as trader_module
from clients.household.offers import OpenBook
from clients.household.terms import Terms
from tests.household.app_chain import HOUSE
from tests.household.made import BATTERY, VDG
from tests.household.test_clock import right
from tests.household.test_reactions import EUR, LACKING, NOW, Place
from wire.market import Contract
from wire.settlement import DeclareFlow


@pytest.fixture
async def rich(tmp_path: Path) -> AsyncIterator[Place]:
    """A home that lacks energy and has money."""
    place = Place(tmp_path, LACKING, EUR)
    await place.open()
    yield place
    await place.sender.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, or fail."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_changes_in_the_house_is_planned_anew_once_however_often_it_is_told(
    rich: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, make_plan = rich.home, rich.home.make_plan
    planned: list[int] = []

    def counted(terms: Terms, now: int) -> list[OpenBook]:
        planned.append(now)
        return make_plan(terms, now)

    monkeypatch.setattr(agent, "make_plan", counted)
    agent.battery = BATTERY
    await rich.pass_slot()
    assert agent.plan[NOW + 1].energy_wh is not None
    planned.clear()
    # The battery goes, and comes and goes while the plan is not made yet.
    for battery in (None, BATTERY, None):
        agent.battery = battery
        rich.trader.changed(agent)
    assert planned == []
    await until(lambda: bool(planned))
    assert agent.plan[NOW + 1].energy_wh is None
    agent.battery = BATTERY
    rich.trader.changed(agent)
    await until(lambda: len(planned) == 2)
    assert agent.plan[NOW + 1].energy_wh is not None
    assert planned == [NOW, NOW]


async def test_a_change_before_the_slot_s_own_plan_waits_for_that(rich: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trader_module, "_CHANGES_TOGETHER_SECONDS", 0.0)
    rich.trader.changed(rich.home)
    await asyncio.sleep(0)
    await until(lambda: rich.home.id not in rich.trader._to_plan_again)
    assert rich.home.plan == {}
    await rich.pass_slot()
    assert rich.home.plan


async def test_a_contract_that_comes_while_other_homes_are_planned_is_declared_around_too(rich: Place) -> None:
    right(rich, NOW)
    passing = asyncio.create_task(rich.trader.pass_slot(NOW))
    while NOW + 1 not in rich.home.plan:
        await asyncio.sleep(0)
    # The home is done with, the slot is not.
    assert not passing.done()
    contract = Contract("c", VDG, NOW + 1, "real_time", HOUSE.address, b"s" * 20, 40, 120_000, 110_000)
    rich.home.account.add_contract(contract)
    rich.trader.contracted(rich.home)
    await passing
    await rich.settle()
    declared = [message for message in rich.chain.executed if isinstance(message, DeclareFlow)]
    assert [(each.slot, each.supplier_flow_wh) for each in declared] == [(NOW + 1, 100), (NOW + 1, 60)]
