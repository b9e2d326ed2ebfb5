"""What homes and their DSO say to each other over MQTT in real-time control: which PCC, which signal is answered."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login
from wire.answered import Answered
from wire.assignment import Assignment
from wire.mqtt import MessageError, Topics, decode

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


class DsoLink:
    """A connection that comes back by itself."""

    def __init__(self, broker: BrokerAddress, homes: Iterable[str]) -> None:
        """Prepare. Raises: ConfigurationError when the broker's login is incomplete."""
        self._login = broker_login(broker)
        self._topics = Topics(broker.topic_root)
        self._homes = frozenset(homes)
        self._to_tell: asyncio.Queue[tuple[str, Answered]] = asyncio.Queue()
        self._connected = False

    def tell(self, home: str, answered: Answered) -> None:
        """Tell the DSO which signal a home has answered. While the broker is away it is dropped: it would be stale."""
        if self._connected:
            self._to_tell.put_nowait((home, answered))

    async def run(self, heard: Callable[[str, Assignment], None]) -> None:
        """Work until cancelled. ``heard`` gets a home's id and each assignment that can be read."""
        while True:
            try:
                await self._session(heard)
            except* aiomqtt.MqttError as errors:
                login = self._login
                log.warning("broker %s:%d: %s; trying again", login.hostname, login.port, errors.exceptions[0])
            await asyncio.sleep(_RETRY_SECONDS)

    async def _session(self, heard: Callable[[str, Assignment], None]) -> None:
        login = self._login
        async with aiomqtt.Client(
            login.hostname,
            login.port,
            identifier=f"vdg-pcc-{secrets.token_hex(6)}",
            username=login.username,
            password=login.password,
            tls_context=login.tls,
        ) as client:
            await client.subscribe(self._topics.assignment("+"), qos=1)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tell_all(client))
                async for message in client.messages:
                    self._take(str(message.topic), message.payload, heard)

    async def _tell_all(self, client: aiomqtt.Client) -> None:
        self._connected = True
        try:
            while True:
                home, answered = await self._to_tell.get()
                await client.publish(self._topics.answered(home), answered.encode(), qos=0)
        finally:
            self._connected = False

    def _take(self, topic: str, payload: object, heard: Callable[[str, Assignment], None]) -> None:
        home = topic.removeprefix(f"{self._topics.root}/").partition("/")[0]
        if home not in self._homes or topic != self._topics.assignment(home) or not isinstance(payload, bytes):
            return
        try:
            heard(home, decode(Assignment, payload))
        except MessageError as error:
            log.warning("%s: %s", home, error)
