"""The emulator's connection to the broker: keeps readings until they are delivered, and comes back when it breaks."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from aiomqtt import Client, Message, MqttError, Will

from emulator.broker_url import BrokerUrl
from wire.mqtt import Topics

log = logging.getLogger(__name__)
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0
BATCH = 100
WARN_PENDING = 20_000
"""aiomqtt warns at every call beyond a threshold; a slot's end is a burst by nature, of two calls a home."""
REPLY_TIMEOUT_S = 10.0


class Outgoing(NamedTuple):
    """A message that must arrive (QoS 1)."""

    topic: str
    payload: bytes
    retain: bool


class Link:
    """Publishes in order of ``send`` per topic, at least once; ``show`` keeps only the newest message of a topic."""

    def __init__(self, url: BrokerUrl, topics: Topics, received: Callable[[str, bytes, bool], None]) -> None:
        self._url = url
        self._topics = topics
        self._received = received
        self._hello: list[Outgoing] = []
        self._waiting: deque[Outgoing] = deque()
        self._newest: dict[str, bytes] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.connected = asyncio.Event()

    def introduce(self, topic: str, payload: bytes) -> None:
        """A retained message to publish at every connection."""
        self._hello.append(Outgoing(topic, payload, retain=True))

    def send(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Queues a message that is kept until the broker has acknowledged it."""
        self._waiting.append(Outgoing(topic, payload, retain))
        self._rouse()

    def show(self, topic: str, payload: bytes) -> None:
        """Queues a retained QoS 0 message; an older one of the same topic that still waits is dropped."""
        self._newest.pop(topic, None)
        self._newest[topic] = payload
        self._rouse()

    async def drain(self, timeout_s: float) -> bool:
        """Waits until everything is delivered; False when the time did not suffice."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Connects and works until cancelled; a lost or refused connection is tried again with growing pauses."""
        pause_s = FIRST_RETRY_S
        while True:
            try:
                await self._session()
            except* MqttError as errors:
                if self.connected.is_set():
                    pause_s = FIRST_RETRY_S
                self.connected.clear()
                log.warning("broker %s: %s; trying again in %.1f s", self._url, errors.exceptions[0], pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LAST_RETRY_S)

    async def _session(self) -> None:
        online = self._topics.online()
        client = Client(
            self._url.host,
            self._url.port,
            username=self._url.user,
            password=self._url.password,
            tls_context=self._url.tls_context(),
            will=Will(online, b"false", qos=1, retain=True),
            timeout=REPLY_TIMEOUT_S,
        )
        client.pending_calls_threshold = WARN_PENDING
        async with client:
            orders = (self._topics.set_point("+"), self._topics.switch_command("+"), self._topics.recall("+"))
            await client.subscribe([(topic, 1) for topic in orders])
            for message in self._hello:
                await client.publish(message.topic, message.payload, qos=1, retain=True)
            await client.publish(online, b"true", qos=1, retain=True)
            self.connected.set()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._receive(client))
                    tasks.create_task(self._publish(client))
            except asyncio.CancelledError:
                await client.publish(online, b"false", qos=1, retain=True)
                raise

    async def _receive(self, client: Client) -> None:
        async for message in client.messages:
            self._received(*_read(message))

    async def _publish(self, client: Client) -> None:
        while True:
            await self._wake.wait()
            while self._waiting or self._newest:
                batch = [self._waiting[i] for i in range(min(BATCH, len(self._waiting)))]
                newest, self._newest = self._newest, {}
                async with asyncio.TaskGroup() as tasks:
                    for item in batch:
                        tasks.create_task(client.publish(item.topic, item.payload, qos=1, retain=item.retain))
                    for topic, payload in newest.items():
                        tasks.create_task(client.publish(topic, payload, qos=0, retain=True))
                for _ in batch:
                    self._waiting.popleft()
            self._wake.clear()
            self._idle.set()

    def _rouse(self) -> None:
        self._idle.clear()
        self._wake.set()


def _read(message: Message) -> tuple[str, bytes, bool]:
    payload = message.payload
    return str(message.topic), payload if isinstance(payload, bytes) else str(payload).encode(), bool(message.retain)
