"""Orders of the chain to the switches over MQTT, and what they say they did back to the chain."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

import aiomqtt

from clients.common.broker import BrokerAddress
from clients.common.broker_connection import BrokerConnection
from clients.common.chain import Chain
from clients.common.errors import ChainError, Expired, HistoryGone, Refused
from clients.common.slots import SlotClock
from clients.common.wallet import Wallet
from wire.control import ConfirmPhase, ListPhaseOrdersRequest, Phase, PhaseOrdered
from wire.mqtt import MessageError, Topics, decode
from wire.phase_switch import PHASE_NAMES, PHASES_BY_NAME, PhaseName, SwitchCommand, SwitchState
from wire.results import Code

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_SOON_SECONDS = 0.2
# A block that is to come in a slot's first moments has come by then.
_RESTING_SECONDS = 2.0
_EXPIRY_SECONDS = 60
_PAGE = 500


class Controller:
    """Switches of one grid; ``homes`` are their ids on MQTT by account. A stranger's order comes by no chain."""

    def __init__(
        self,
        chain: Chain,
        wallet: Wallet,
        broker: BrokerAddress,
        vdg: str,
        clock: SlotClock,
        homes: Mapping[bytes, str],
    ) -> None:
        """Prepare. Raises: ConfigurationError when the broker's login is incomplete."""
        self._chain = chain
        self._wallet = wallet
        self._topics = topics = Topics(broker.topic_root)
        self._connection = BrokerConnection(
            broker, broker.client_id, lambda: (topics.switch_state("+"),), self._heard, self._command
        )
        self._tasks = asyncio.TaskGroup()
        self._vdg = vdg
        self._clock = clock
        self._homes = dict(homes)
        self._account_at = {topics.switch_state(home): account for account, home in homes.items()}
        self._orders: dict[tuple[bytes, int], PhaseName] = {}
        self._untold: asyncio.Queue[tuple[bytes, int]] = asyncio.Queue()
        self._confirming: set[tuple[bytes, int]] = set()

    async def run(self) -> None:
        """Work until cancelled; once."""
        async with self._tasks as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._look_ahead())
            tasks.create_task(self._connection.run())

    async def _follow(self) -> None:
        while True:
            try:
                start = await self._chain.cursor()
                now = self._clock.slot_at(time.time())
                for slot in (now, now + 1):
                    await self._read(slot)
                async for event in self._chain.events(start=start, types=[PhaseOrdered]):
                    if event.value.vdg == self._vdg:
                        self._ordered(event.value.account, event.value.slot, event.value.phase)
            except HistoryGone:
                log.warning("the chain's history is gone: what is ordered is read")
            except ChainError as error:
                log.warning("orders can't be followed: %s; trying again", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _look_ahead(self) -> None:
        """Read what is ordered for the next slot, which may have been told of before this process was there."""
        while True:
            now = self._clock.slot_at(time.time())
            await self._clock.until(now + 1)
            try:
                await self._read(now + 2)
            except ChainError as error:
                log.warning("orders of slot %d can't be read: %s", now + 2, error)

    async def _read(self, slot: int) -> None:
        async for page in self._chain.pages(ListPhaseOrdersRequest(self._vdg, slot, limit=_PAGE)):
            for order in page.orders:
                if self._orders.get((order.account, slot)) != PHASE_NAMES[order.phase]:
                    self._ordered(order.account, slot, order.phase)

    def _ordered(self, account: bytes, slot: int, phase: Phase) -> None:
        if account not in self._homes:
            log.warning("a switch of %s is ordered, which is not in homes_csv", account.hex())
            return
        running = self._clock.slot_at(time.time())
        for old in [key for key in self._orders if key[1] < running - 1]:
            del self._orders[old]
        self._orders[account, slot] = PHASE_NAMES[phase]
        self._untold.put_nowait((account, slot))

    async def _command(self, client: aiomqtt.Client) -> None:
        """Tell the switches: what stands already, and then what is ordered; a new connection begins anew."""
        untold: asyncio.Queue[tuple[bytes, int]] = asyncio.Queue()
        self._untold = untold
        for key in self._orders:
            untold.put_nowait(key)
        while True:
            account, slot = key = await untold.get()
            if key in self._orders:
                command = SwitchCommand(slot=slot, phase=self._orders[key])
                await client.publish(self._topics.switch_command(self._homes[account]), command.encode(), qos=1)

    def _heard(self, topic: str, payload: bytes, _retained: bool) -> None:
        account = self._account_at.get(topic)
        if account is None:
            return
        try:
            state = decode(SwitchState, payload)
        except MessageError as error:
            log.warning("%s: %s", self._homes[account], error)
            return
        key = (account, state.slot)
        if key in self._orders and key not in self._confirming:
            self._confirming.add(key)
            self._tasks.create_task(self._confirm(key, state.phase))

    async def _confirm(self, key: tuple[bytes, int], phase: PhaseName) -> None:
        """Say on the chain what a switch did, as soon as the chain's time is in the slot."""
        account, slot = key
        while self._clock.slot_at(time.time()) <= slot + 1:
            try:
                await self._begun(slot)
                message = ConfirmPhase(self._vdg, slot, account, PHASES_BY_NAME[phase])
                await self._chain.submit(self._wallet, message, expires_in_s=_EXPIRY_SECONDS)
                break
            except Expired:
                break
            except Refused as refused:
                if refused.code is not Code.SLOT_OUT_OF_RANGE:
                    log.warning("%s: slot %d: %s: %s", self._homes[account], slot, refused.code.name, refused.message)
                    break
            except ChainError as error:
                log.warning("%s: not confirmed yet: %s", self._homes[account], error)
            # The chain's clock is its last block's, which may be a moment behind.
            await asyncio.sleep(_SOON_SECONDS)
        self._confirming.discard(key)
        self._orders.pop(key, None)

    async def _begun(self, slot: int) -> None:
        """Wait until a block's time is in the slot. A chain that rests makes none: then it is tried all the same."""
        start_s = self._clock.start_s(slot)
        while time.time() < start_s + _RESTING_SECONDS and (await self._chain.status()).time_ns < start_s * 1e9:
            await asyncio.sleep(_SOON_SECONDS)
