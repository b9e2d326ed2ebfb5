"""The controller of phase switches between a broker and the real state machine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import aiomqtt

from clients.common.broker import BrokerAddress
from clients.common.chain import Chain
from clients.common.errors import Refused
from clients.common.slots import SlotClock
from clients.common.subscribe import Cursor
from clients.common.wallet import Wallet
from clients.dso.switches.controller import Controller
from tests.control.app_control_chain import CONTROLLER, VDG, AppControlChain, account
from tests.dso.app_chain import DSO
from tests.dso.mqtt_broker import running_broker
from tests.dso.waiting import until
from wire.address import address_of
from wire.control import (
    ConfirmPhase,
    ListPhaseOrdersRequest,
    ListPhaseOrdersResponse,
    Phase,
    PhaseOrder,
    PhaseOrdered,
    PhaseOrderStatus,
    PostPhaseOrder,
)
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.mqtt import Topics
from wire.phase_switch import SwitchCommand
from wire.results import Code

SLOT_SECONDS = 2
TOPICS = Topics()
HOMES = {account(0): "h0", account(1): "h1"}
ORDERED, CONFIRMED = PhaseOrderStatus.PHASE_ORDER_STATUS_ORDERED, PhaseOrderStatus.PHASE_ORDER_STATUS_CONFIRMED


class Event:
    """As the part of a chain's event that is read."""

    def __init__(self, value: PhaseOrdered) -> None:
        self.value = value


class OrderedChain:
    """Three homes with a switch, of which the last is not in the controller's file. A Chain as far as it is used."""

    def __init__(self) -> None:
        switches = [
            {
                "vdg": VDG,
                "account": account(number).hex(),
                "serial": f"S{number}",
                "controller": address_of(bytes(CONTROLLER.verify_key)).hex(),
                "feeder": "f1",
                "phase": "a",
            }
            for number in range(3)
        ]
        self.app = AppControlChain(3, SLOT_SECONDS, {"switches": switches})
        self.clock = SlotClock(self.app.epoch_s, SLOT_SECONDS)
        self.refused: list[Code] = []
        self.time_ns = time.time_ns
        self._news: asyncio.Queue[PhaseOrdered] = asyncio.Queue()

    def order(self, home: int, slot: int, phase: Phase) -> None:
        """The DSO posts an order."""
        outcome = self.app.execute(PostPhaseOrder(VDG, slot, account(home), phase), DSO)
        assert outcome.code is Code.OK, outcome.reason
        self._news.put_nowait(PhaseOrdered(VDG, slot, account(home), phase=phase))

    async def orders(self, slot: int) -> dict[bytes, PhaseOrder]:
        """What stands on the chain."""
        return {order.account: order for order in await self.app.phase_orders(slot)}

    async def confirmed(self, home: int, slot: int) -> PhaseOrder:
        """A home's order, once its switch's word is on the chain."""
        async with asyncio.timeout(20):
            while (order := (await self.orders(slot))[account(home)]).status == ORDERED:
                await asyncio.sleep(0.05)
        return order

    async def cursor(self) -> Cursor:
        self._news = asyncio.Queue()
        return Cursor(1)

    async def pages(self, request: ListPhaseOrdersRequest) -> AsyncGenerator[ListPhaseOrdersResponse, None]:
        yield ListPhaseOrdersResponse(tuple(await self.app.phase_orders(request.slot)))

    async def events(self, *, start: Cursor, types: list[type]) -> AsyncGenerator[Event, None]:
        assert (start, types) == (Cursor(1), [PhaseOrdered])
        while True:
            yield Event(await self._news.get())

    async def status(self) -> pb.StatusResponse:
        return pb.StatusResponse(time_ns=self.time_ns())

    async def submit(self, wallet: Wallet, message: ConfirmPhase, *, expires_in_s: int) -> None:
        assert wallet.address == address_of(bytes(CONTROLLER.verify_key))
        outcome = self.app.execute(message, CONTROLLER)
        if outcome.code is not Code.OK:
            self.refused.append(outcome.code)
            raise Refused(outcome.code, outcome.reason)


class Switches:
    """Listens as the switches do, and answers when it is told to."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.commands: list[tuple[str, SwitchCommand]] = []

    async def listen(self) -> None:
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            home = TOPICS.home_of(str(message.topic))
            self.commands.append((home, SwitchCommand.model_validate_json(message.payload)))

    async def say(self, home: str, payload: bytes) -> None:
        await self._client.publish(TOPICS.switch_state(home), payload, qos=1, retain=True)


@asynccontextmanager
async def working(chain: OrderedChain) -> AsyncIterator[Switches]:
    """A controller at work between a chain and switches."""
    async with running_broker() as port, aiomqtt.Client("127.0.0.1", port, username="switches") as client:
        await client.subscribe(TOPICS.switch_command("+"), qos=1)
        switches = Switches(client)
        broker = BrokerAddress(url=f"mqtt://127.0.0.1:{port}", client_id="vdg-switches")
        wallet = Wallet.from_seed(bytes(CONTROLLER))
        controller = Controller(cast(Chain, chain), wallet, broker, VDG, chain.clock, HOMES)
        tasks = [asyncio.create_task(switches.listen()), asyncio.create_task(controller.run())]
        try:
            yield switches
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


def state(slot: int, phase: str) -> bytes:
    return json.dumps({"slot": slot, "phase": phase, "time_ms": 1}).encode()


async def test_orders_go_to_their_switches_and_what_these_did_is_confirmed_once_the_slot_has_begun() -> None:
    chain = OrderedChain()
    slot = 1
    # One stands before the controller is there, one comes while it is, and one is of a home that it doesn't know.
    chain.order(0, slot, Phase.PHASE_B)
    async with working(chain) as switches:
        await until(lambda: len(switches.commands) == 1)
        chain.order(2, slot, Phase.PHASE_C)
        chain.order(1, slot, Phase.PHASE_C)
        await until(lambda: len(switches.commands) == 2)
        assert switches.commands == [
            ("h0", SwitchCommand(slot=slot, phase="b")),
            ("h1", SwitchCommand(slot=slot, phase="c")),
        ]
        # What nobody has ordered, or can be read, is confirmed to nobody; nor is a switch's word for another's home.
        await switches.say("h1", b"{}")
        await switches.say("h1", state(slot + 1, "c"))
        await switches.say("h2", state(slot, "c"))
        await switches.say("h0", state(slot, "b"))
        # Its own chain time decides: it is said when a block's time is in the slot, and not before.
        assert (await chain.confirmed(0, slot)).status == CONFIRMED
        orders = await chain.orders(slot)
    assert orders[account(0)].executed is Phase.PHASE_B
    assert {orders[account(1)].status, orders[account(2)].status} == {ORDERED}
    assert chain.refused == []


async def test_what_a_chain_at_rest_shows_of_its_time_keeps_nothing_back() -> None:
    chain = OrderedChain()
    chain.time_ns = lambda: 0
    slot = 1
    chain.order(0, slot, Phase.PHASE_B)
    async with working(chain) as switches:
        await until(lambda: len(switches.commands) == 1)
        await switches.say("h0", state(slot, "b"))
        assert (await chain.confirmed(0, slot)).executed is Phase.PHASE_B


async def test_an_order_that_was_posted_long_before_reaches_its_switch_before_its_slot() -> None:
    chain = OrderedChain()
    slot = 2
    chain.order(0, slot, Phase.PHASE_B)
    async with working(chain) as switches:
        # It was told before the controller was there, which then looks at the running slot and the next.
        await until(lambda: len(switches.commands) == 1)
        assert chain.clock.slot_at(time.time()) < slot
        assert switches.commands == [("h0", SwitchCommand(slot=slot, phase="b"))]


async def test_what_a_switch_did_is_said_as_it_is_though_it_was_ordered_otherwise() -> None:
    chain = OrderedChain()
    slot = 1
    chain.order(1, slot, Phase.PHASE_C)
    async with working(chain) as switches:
        await until(lambda: len(switches.commands) == 1)
        await switches.say("h1", state(slot, "a"))
        order = await chain.confirmed(1, slot)
    assert (order.phase, order.executed) == (Phase.PHASE_C, Phase.PHASE_A)
