"""What a home does about refusals and debts, with the real state machine refusing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from clients.common.chain import Chain
from clients.household.account import LiveOrder
from clients.household.chain_state import read_account, read_terms
from clients.household.database import Database
from clients.household.equipment import Equipment
from clients.household.forecasting.forecast import SlotForecast
from clients.household.home import Home
from clients.household.reactions import Reaction, reaction_to
from clients.household.sender import Sender
from clients.household.trader import Trader
from tests.household.app_chain import DSO, HOUSE, ISSUER, REGISTRAR, SLOT_SECONDS, AppChain
from tests.household.made import CHEAP, VDG, expected, home, telemetry
from wire.accounts import SetFrozen
from wire.grid import SetCaps
from wire.ledger import Mint, PayDebt
from wire.market import PlaceOrder, Side
from wire.mqtt import Topics
from wire.results import Code

NOW = 50
# The home looks twelve slots ahead: real time for slots 52 to 56, intraday for 57 to 62.
BOOKS = 11
LACKING, SUNNY = [expected(100, 0)], [expected(100, 500)]
EUR = 10**9


class Place:
    """A trader with one home over a chain in this process, in slot NOW."""

    def __init__(self, folder: Path, forecast: Sequence[SlotForecast], balance_neur: int) -> None:
        self.epoch_s = int(time.time()) - NOW * SLOT_SECONDS - SLOT_SECONDS // 4
        self.chain = AppChain(int(time.time()), self.epoch_s, balance_neur)
        self.database = Database.open(folder / "household.db", "chain")
        self.home: Home = home(forecast, now=NOW)
        self.home.account.address = HOUSE.address
        chain = cast(Chain, self.chain)
        self.sender = Sender(chain, self.database, {self.home.id: HOUSE}, self._react)
        self._chain = chain
        self._trader: Trader | None = None

    async def open(self) -> None:
        """Read the chain, as the service does at its start."""
        terms = await read_terms(self._chain, VDG)
        await read_account(self._chain, terms, self.home.account, NOW, self.home.open_books(terms, NOW))
        self._trader = Trader(self._chain, self.database, self.sender, terms, [Equipment(self.home, Topics())])

    @property
    def trader(self) -> Trader:
        if self._trader is None:
            raise RuntimeError("open it first")
        return self._trader

    async def pass_slot(self, now: int = NOW) -> None:
        """A slot, to the last result."""
        self.chain.time_s = self.epoch_s + now * SLOT_SECONDS + 1
        self.home.measurements.take_telemetry(telemetry(now))
        await self.trader.pass_slot(now)
        await self.settle()

    async def settle(self) -> None:
        """Wait for everything that was begun."""
        while tasks := list(self.sender._tasks):
            await asyncio.gather(*tasks)

    def orders(self) -> list[PlaceOrder]:
        """The orders that were executed so far."""
        return [message for message in self.chain.executed if isinstance(message, PlaceOrder)]

    async def _react(self, home: Home, message: Any, reaction: Reaction) -> None:
        await self.trader.react(home, message, reaction)


@pytest.fixture
async def rich(tmp_path: Path) -> AsyncIterator[Place]:
    """A home that lacks energy and has money."""
    place = Place(tmp_path, LACKING, EUR)
    await place.open()
    yield place
    await place.sender.close()


@pytest.fixture
async def sunny(tmp_path: Path) -> AsyncIterator[Place]:
    """A home with a surplus."""
    place = Place(tmp_path, SUNNY, 0)
    await place.open()
    yield place
    await place.sender.close()


async def test_orders_are_placed_once_and_stand(rich: Place) -> None:
    await rich.pass_slot()
    assert len(rich.orders()) == BOOKS
    assert set(rich.home.account.orders) == {(order.product, order.slot) for order in rich.orders()}
    await rich.pass_slot()
    assert len(rich.orders()) == BOOKS


async def test_a_restarted_agent_knows_what_stands_and_places_nothing_again(rich: Place) -> None:
    await rich.pass_slot()
    before = dict(rich.home.account.orders)
    rich.home.account.orders.clear()
    await rich.open()
    assert rich.home.account.orders == before
    await rich.pass_slot()
    assert len(rich.orders()) == BOOKS


async def test_what_was_under_way_is_not_sent_again_after_a_crash(rich: Place) -> None:
    order = PlaceOrder(VDG, "intraday", NOW + 8, Side.SIDE_BID, 100, CHEAP)
    (item,) = rich.database.begin("h1", [(order, int(time.time()) + 60)])
    await rich.sender.carry_out(rich.home, item)
    # The crash came before the file forgot it.
    (again,) = rich.database.under_way()
    rich.home.account.orders.clear()
    await rich.sender.carry_out(rich.home, again)
    assert rich.orders() == [order]
    assert rich.home.account.orders == {("intraday", NOW + 8): LiveOrder(Side.SIDE_BID, 100, CHEAP)}


async def test_asks_follow_the_availability_that_backs_them(sunny: Place) -> None:
    await sunny.pass_slot()
    assert len(sunny.orders()) == BOOKS
    assert sunny.sender.results == {"OK": BOOKS + 2}
    assert sunny.home.account.capacity_wh == 1_000


async def test_availability_that_is_not_there_is_asked_for_and_declared(sunny: Place) -> None:
    sunny.home.account.declared_wh = dict.fromkeys(range(NOW, NOW + 40), 1_000)
    await sunny.pass_slot()
    assert not sunny.orders()
    assert sunny.sender.results["BEYOND_AVAILABILITY"] == BOOKS
    assert sunny.home.account.declared_wh[NOW + 2] == 0
    await sunny.pass_slot()
    assert len(sunny.orders()) == BOOKS


async def test_with_little_money_it_offers_what_it_can_back(tmp_path: Path) -> None:
    place = Place(tmp_path, LACKING, 150 * CHEAP)
    await place.open()
    await place.pass_slot()
    assert place.sender.results["INSUFFICIENT_FUNDS"] == BOOKS - 1
    assert [order.energy_wh for order in place.orders()] == [100]
    assert place.home.account.budget_neur == 50 * CHEAP
    await place.pass_slot()
    assert [order.energy_wh for order in place.orders()] == [100, 50]
    await place.chain.submit(ISSUER, Mint(HOUSE.address, EUR))
    await place.pass_slot(NOW + 1)
    await place.pass_slot(NOW + 2)
    assert place.home.account.budget_neur is None
    assert place.orders()[-1].energy_wh == 100


async def test_a_debtor_stops_ordering_pays_as_soon_as_it_can_and_goes_on(tmp_path: Path) -> None:
    place = Place(tmp_path, LACKING, 0)
    await place.open()
    await place.chain.prove(NOW - 1, 400)
    await place.pass_slot()
    assert place.sender.results["IN_DEBT"] == BOOKS
    assert sum(place.home.account.debts.values()) == 400 * CHEAP
    await place.pass_slot(NOW + 1)
    assert "in debt" in place.database.alarms()["h1"][1]
    await place.chain.submit(ISSUER, Mint(HOUSE.address, 100 * CHEAP))
    await place.pass_slot(NOW + 2)
    assert sum(place.home.account.debts.values()) == 300 * CHEAP
    assert not place.orders()
    await place.chain.submit(ISSUER, Mint(HOUSE.address, EUR))
    await place.pass_slot(NOW + 3)
    paid = [message.amount_neur for message in place.chain.executed if isinstance(message, PayDebt)]
    assert paid == [100 * CHEAP, 300 * CHEAP]
    assert place.database.alarms() == {}
    await place.pass_slot(NOW + 4)
    assert place.orders()


async def test_a_settled_debt_is_asked_for(tmp_path: Path) -> None:
    place = Place(tmp_path, LACKING, 0)
    await place.open()
    await place.chain.prove(NOW - 1, 400)
    place.trader.indebted(place.home)
    await place.settle()
    assert sum(place.home.account.debts.values()) == 400 * CHEAP


async def test_an_order_that_came_too_late_is_dropped(rich: Place) -> None:
    late = PlaceOrder(VDG, "real_time", NOW + 1, Side.SIDE_BID, 100, CHEAP)
    await rich.sender.send(rich.home, [(late, int(time.time()) + 60)])
    assert rich.sender.results == {"GATE_CLOSED": 1}
    assert not rich.home.account.orders
    assert not rich.home.account.under_way
    assert not rich.home.account.suspended


async def test_a_frozen_home_is_suspended_with_an_alarm_and_tries_again_later(rich: Place) -> None:
    await rich.chain.submit(REGISTRAR, SetFrozen(HOUSE.address, frozen=True))
    await rich.pass_slot()
    assert rich.home.account.suspended.startswith("SENDER_FROZEN")
    assert "SENDER_FROZEN" in rich.database.alarms()["h1"][1]
    await rich.pass_slot(NOW + 1)
    refused = rich.sender.results["SENDER_FROZEN"]
    await rich.pass_slot(NOW + 2)
    assert rich.sender.results["SENDER_FROZEN"] == refused
    await rich.chain.submit(REGISTRAR, SetFrozen(HOUSE.address, frozen=False))
    await rich.pass_slot(72)
    assert rich.orders()
    assert rich.database.alarms() == {}


async def test_a_new_cap_is_read_when_an_order_breaks_it(rich: Place) -> None:
    await rich.chain.submit(DSO, SetCaps(VDG, NOW + 2, (60,) * 20, (0,) * 20))
    await rich.pass_slot()
    assert rich.sender.results["ABOVE_CAP"] == BOOKS
    await rich.pass_slot()
    assert {order.energy_wh for order in rich.orders()} == {60}


def test_every_code_has_a_reaction() -> None:
    assert all(isinstance(reaction_to(code), Reaction) for code in Code)
    assert reaction_to(Code.WRONG_ROLE) is Reaction.SUSPEND
    assert reaction_to(Code.QUOTA_EXCEEDED) is Reaction.LATER


async def test_an_order_that_waits_for_its_availability_is_not_decided_on_again(tmp_path: Path) -> None:
    place = Place(tmp_path, SUNNY, 100 * EUR)
    await place.open()
    submit, halted = place.chain.submit, asyncio.Event()

    async def stalling(*message: Any, **options: Any) -> Any:
        await halted.wait()
        return await submit(*message, **options)

    place.chain.submit = stalling  # type: ignore[method-assign]  # the chain stands still
    place.chain.time_s = place.epoch_s + NOW * SLOT_SECONDS + 1
    for _ in range(2):
        place.home.measurements.take_telemetry(telemetry(NOW))
        await place.trader.pass_slot(NOW)
        await asyncio.sleep(0)
    halted.set()
    async with asyncio.timeout(10):
        while place.home.account.under_way or not place.home.account.orders:
            await asyncio.sleep(0.01)
    placed = [(one.product, one.slot) for one in place.chain.executed if isinstance(one, PlaceOrder)]
    assert len(placed) == len(set(placed)) == BOOKS
    await place.sender.close()
