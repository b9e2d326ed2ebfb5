"""Orders of the chain to the switches over MQTT, and what they say they did back to the chain."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login
from clients.common.chain import Chain
from clients.common.errors import ChainError, Expired, HistoryGone, Refused
from clients.common.slots import SlotClock
from clients.common.wallet import Wallet
from wire.control import ConfirmPhase, ListPhaseOrdersRequest, Phase, PhaseOrdered
from wire.mqtt import MessageError, Topics, decode
from wire.phase_switch import PhaseName, SwitchCommand, SwitchState
from wire.results import Code

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_SOON_SECONDS = 0.2
_EXPIRY_SECONDS = 60
_PAGE = 500
_NAMES: dict[Phase, PhaseName] = {Phase.PHASE_A: "a", Phase.PHASE_B: "b", Phase.PHASE_C: "c"}
_CODES = {name: code for code, name in _NAMES.items()}


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
        self._login = broker_login(broker)
        self._client_id = broker.client_id
        self._topics = Topics(broker.topic_root)
        self._vdg = vdg
        self._clock = clock
        self._homes = dict(homes)
        self._accounts = {home: account for account, home in homes.items()}
        self._orders: dict[tuple[bytes, int], PhaseName] = {}
        self._confirming: set[tuple[bytes, int]] = set()
        self._client: aiomqtt.Client | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._listen(tasks))

    async def _follow(self) -> None:
        while True:
            try:
                start = await self._chain.cursor()
                now = self._clock.slot_at(time.time())
                for slot in (now, now + 1):
                    async for page in self._chain.pages(ListPhaseOrdersRequest(self._vdg, slot, limit=_PAGE)):
                        for order in page.orders:
                            await self._ordered(order.account, slot, order.phase)
                async for event in self._chain.events(start=start, types=[PhaseOrdered]):
                    if event.value.vdg == self._vdg:
                        await self._ordered(event.value.account, event.value.slot, event.value.phase)
            except HistoryGone:
                log.warning("the chain's history is gone: what is ordered is read")
            except ChainError as error:
                log.warning("orders can't be followed: %s; trying again", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _ordered(self, account: bytes, slot: int, phase: Phase) -> None:
        home = self._homes.get(account)
        if home is None:
            log.warning("a switch of %s is ordered, which is not in homes_csv", account.hex())
            return
        running = self._clock.slot_at(time.time())
        for old in [key for key in self._orders if key[1] < running - 1]:
            del self._orders[old]
        self._orders[account, slot] = _NAMES[phase]
        await self._command(home, slot, _NAMES[phase])

    async def _command(self, home: str, slot: int, phase: PhaseName) -> None:
        if self._client is None:
            return
        try:
            command = SwitchCommand(slot=slot, phase=phase)
            await self._client.publish(self._topics.switch_command(home), command.encode(), qos=1)
        except aiomqtt.MqttError as error:
            log.warning("%s was not told its phase: %s; it is told again", home, error)

    async def _listen(self, tasks: asyncio.TaskGroup) -> None:
        login = self._login
        while True:
            try:
                async with aiomqtt.Client(
                    login.hostname,
                    login.port,
                    identifier=self._client_id,
                    username=login.username,
                    password=login.password,
                    tls_context=login.tls,
                ) as client:
                    await client.subscribe(self._topics.switch_state("+"), qos=1)
                    self._client = client
                    for (account, slot), phase in list(self._orders.items()):
                        await self._command(self._homes[account], slot, phase)
                    async for message in client.messages:
                        self._heard(str(message.topic), message.payload, tasks)
            except aiomqtt.MqttError as error:
                log.warning("broker %s:%d: %s; trying again", login.hostname, login.port, error)
            finally:
                self._client = None
            await asyncio.sleep(_RETRY_SECONDS)

    def _heard(self, topic: str, payload: object, tasks: asyncio.TaskGroup) -> None:
        home = topic.removeprefix(f"{self._topics.root}/").partition("/")[0]
        account = self._accounts.get(home)
        if account is None or topic != self._topics.switch_state(home) or not isinstance(payload, bytes):
            return
        try:
            state = decode(SwitchState, payload)
        except MessageError as error:
            log.warning("%s: %s", home, error)
            return
        key = (account, state.slot)
        if key in self._orders and key not in self._confirming:
            self._confirming.add(key)
            tasks.create_task(self._confirm(key, state.phase))

    async def _confirm(self, key: tuple[bytes, int], phase: PhaseName) -> None:
        """Say on the chain what a switch did, as soon as the chain's time is in the slot."""
        account, slot = key
        while self._clock.slot_at(time.time()) <= slot + 1:
            try:
                message = ConfirmPhase(self._vdg, slot, account, _CODES[phase])
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
