"""A connection to an MQTT broker that comes back by itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# aiomqtt warns at every call beyond a threshold; many homes at a slot's beginning are a burst by nature.
_PENDING_CALLS = 1_000

Received = Callable[[str, bytes, bool], None]
"""Takes topic, payload, and whether the broker had kept the message."""


async def _nothing(_client: aiomqtt.Client) -> None:
    return


class BrokerConnection:
    """One session after another: subscribe, then listen and speak at once until the connection breaks.

    ``topics`` are subscribed to in each session (QoS 1), ``received`` gets the messages, ``speak`` publishes until it
    has said all, or is cancelled. ``will`` is published by the broker when the connection breaks, and here when it ends
    in order. Raises: ConfigurationError when the broker's login is incomplete.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        topics: Callable[[], Iterable[str]],
        received: Received,
        speak: Callable[[aiomqtt.Client], Coroutine[Any, Any, None]] = _nothing,
        will: aiomqtt.Will | None = None,
    ) -> None:
        self._login = broker_login(broker)
        self._client_id = client_id
        self._topics = topics
        self._received = received
        self._speak = speak
        self._will = will
        self._client: aiomqtt.Client | None = None
        self.connected = asyncio.Event()

    def client(self, will: aiomqtt.Will | None = None) -> aiomqtt.Client:
        """A client that is not connected yet."""
        login = self._login
        client = aiomqtt.Client(
            login.hostname,
            login.port,
            identifier=self._client_id,
            username=login.username,
            password=login.password,
            tls_context=login.tls,
            will=will,
        )
        client.pending_calls_threshold = _PENDING_CALLS
        return client

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish once (QoS 1). Raises: aiomqtt.MqttError, also while there is no connection."""
        if self._client is None:
            raise aiomqtt.MqttError("there is no connection to the broker")
        await self._client.publish(topic, payload, qos=1, retain=retain)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._session()
            except* aiomqtt.MqttError as errors:
                host, port = self._login.hostname, self._login.port
                log.warning("broker %s:%d: %s; trying again", host, port, errors.exceptions[0])
            await asyncio.sleep(RETRY_SECONDS)

    async def _session(self) -> None:
        async with self.client(self._will) as client:
            topics = [(topic, 1) for topic in self._topics()]
            if topics:
                await client.subscribe(topics)
            self._client = client
            self.connected.set()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen(client))
                    tasks.create_task(self._speak(client))
            except asyncio.CancelledError:
                # An orderly end sends no last will.
                if self._will is not None:
                    # A broker that doesn't take it publishes the will itself; the end comes all the same.
                    with suppress(aiomqtt.MqttError):
                        await client.publish(self._will.topic, self._will.payload, qos=1, retain=True)
                raise
            finally:
                self._client = None
                self.connected.clear()

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                self._received(str(message.topic), message.payload, bool(message.retain))


def own_client_id(what: str) -> str:
    """A name for a client that differs from all others': left to the broker, amqtt takes all nameless ones for one."""
    return f"vdg-{what}-{secrets.token_hex(5)}"
