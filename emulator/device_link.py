"""One emulated device on MQTT, with a connection and a last will of its own, as real ones have."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from aiomqtt import Client, MqttError, Will

from emulator.broker_url import BrokerUrl
from emulator.device import EmulatedDevice
from wire.device import AnswerCode, DeviceAnswer, DeviceTopics
from wire.mqtt import Topics

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
RETRY_SECONDS = 0.5


class DeviceLink:
    """Speaks for ``device`` of ``home``: rating, state, answers and whether it is there.

    ``move`` moves it on to now, and ``commanded`` is told when it took a command; both for a device that whoever counts
    its energy moves. Without them it moves by its own clock.
    """

    def __init__(
        self,
        url: BrokerUrl,
        topics: Topics,
        home: str,
        device: EmulatedDevice[Any],
        move: Callable[[], None] | None = None,
        commanded: Callable[[], None] | None = None,
    ) -> None:
        self._url = url
        self._move = move or self._move_alone
        self._commanded = commanded
        self._shown: tuple[object, ...] = ()
        self._paths = DeviceTopics(topics, home, device.rating.device)
        self.device = device
        self._sequence = 0
        self._said_s = float("-inf")

    async def run(self) -> None:
        """Live until cancelled; the connection comes back by itself."""
        while True:
            try:
                await self._session()
            except* MqttError as errors:
                log.warning("%s: broker %s: %s; trying again", self._paths.state, self._url, errors.exceptions[0])
            await asyncio.sleep(RETRY_SECONDS)

    async def _session(self) -> None:
        online = self._paths.online
        async with Client(
            self._url.host,
            self._url.port,
            identifier=f"vdg-device-{secrets.token_hex(5)}",
            username=self._url.user,
            password=self._url.password,
            tls_context=self._url.tls_context(),
            will=Will(online, b"false", qos=1, retain=True),
        ) as client:
            await client.subscribe(self._paths.command, qos=1)
            await client.publish(self._paths.rating, self.device.rating.encode(), qos=1, retain=True)
            await client.publish(online, b"true", qos=1, retain=True)
            await self._say(client)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._live(client))
                    tasks.create_task(self._obey(client))
            except asyncio.CancelledError:
                # An orderly end sends no last will.
                await client.publish(online, b"false", qos=1, retain=True)
                raise

    async def _live(self, client: Client) -> None:
        # Half its interval, so that what it stated is kept on a busy machine too.
        interval_s = self.device.rating.interval_s / 2
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._advance() or time.monotonic() - self._said_s >= interval_s:
                await self._say(client)

    async def _obey(self, client: Client) -> None:
        async for message in client.messages:
            # amqtt greets every client with whatever it keeps; only commands are meant for this one.
            if str(message.topic) != self._paths.command or not isinstance(message.payload, bytes):
                continue
            self._advance()
            code, reason, sequence = self.device.offer(message.payload, bool(message.retain))
            if code is not AnswerCode.ACCEPTED:
                log.warning("%s refused: %s: %s", self._paths.command, code.value, reason)
            elif self._commanded is not None:
                self._commanded()
            answer = DeviceAnswer(
                device=self.device.rating.device,
                code=code,
                reason=reason[:1_000],
                time_ms=time.time_ns() // 1_000_000,
                sequence=sequence,
            )
            await client.publish(self._paths.answer, answer.encode(), qos=1)
            await self._say(client)

    def _advance(self) -> bool:
        self._move()
        return self._shown != self.device.face

    def _move_alone(self) -> None:
        self.device.advance(self.device.clock.emulated_ms(time.time_ns()))

    async def _say(self, client: Client) -> None:
        self._advance()
        self._sequence = max(self._sequence + 1, time.time_ns() // 1_000_000)
        self._said_s = time.monotonic()
        self._shown = self.device.face
        await client.publish(self._paths.state, self.device.state(self._sequence).encode(), qos=1, retain=True)
