"""The DSO's assignments of homes to points of common coupling, as they come over MQTT."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login
from wire.assignment import Assignment
from wire.mqtt import MessageError, Topics, decode

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


class AssignmentLink:
    """A connection that comes back by itself. ``heard`` gets a home's id and each assignment that can be read."""

    def __init__(self, broker: BrokerAddress, homes: Iterable[str], heard: Callable[[str, Assignment], None]) -> None:
        """Prepare. Raises: ConfigurationError when the broker's login is incomplete."""
        self._login = broker_login(broker)
        self._topics = Topics(broker.topic_root)
        self._homes = frozenset(homes)
        self._heard = heard

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._session()
            except aiomqtt.MqttError as error:
                log.warning("broker %s:%d: %s; trying again", self._login.hostname, self._login.port, error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _session(self) -> None:
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
            async for message in client.messages:
                self._take(str(message.topic), message.payload)

    def _take(self, topic: str, payload: object) -> None:
        home = topic.removeprefix(f"{self._topics.root}/").partition("/")[0]
        if home not in self._homes or topic != self._topics.assignment(home) or not isinstance(payload, bytes):
            return
        try:
            self._heard(home, decode(Assignment, payload))
        except MessageError as error:
            log.warning("%s: %s", home, error)
