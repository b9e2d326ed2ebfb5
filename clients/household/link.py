"""The homes over MQTT: what inverters tell, and set points to them."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

import aiomqtt

from clients.common.broker import broker_login
from clients.household.configuration import BrokerSection
from clients.household.home import Steering
from wire.mqtt import (
    History,
    MessageError,
    Nameplate,
    SetPoint,
    Status,
    StatusCode,
    Telemetry,
    Topics,
    decode,
)

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
# Beyond so many homes one wildcard is cheaper than a subscription for each.
_SUBSCRIBED_ONE_BY_ONE = 100

Heard = Callable[[str, Any], None]


class Link:
    """A connection that comes back by itself. ``heard`` gets the home and each message that can be read."""

    def __init__(self, broker: BrokerSection, homes: Iterable[str], heard: Heard) -> None:
        """Prepare. Raises: ConfigurationError when the broker's login is incomplete."""
        self._login = broker_login(broker)
        # Not left to the broker: amqtt takes all clients without a name for one.
        self._client_id = broker.client_id or f"vdg-homes-{secrets.token_hex(6)}"
        self._topics = Topics(broker.topic_root)
        self._homes = frozenset(homes)
        self._heard = heard
        self._waiting: dict[tuple[str, int], SetPoint] = {}
        self._wake = asyncio.Event()
        self._last_sequence = 0
        self.connected = False

    def steer(self, home: str, steering: Steering) -> None:
        """Send a set point as soon as there is a connection; a later one for the same slot replaces it."""
        # Grows across restarts as time does, and within a millisecond by counting.
        self._last_sequence = max(self._last_sequence + 1, time.time_ns() // 1_000_000)
        self._waiting[(home, steering.slot)] = SetPoint(
            sequence=self._last_sequence,
            slot=steering.slot,
            mode=steering.mode,
            power_w=steering.power_w,
            grid_wh=steering.grid_wh,
        )
        self._wake.set()

    def forget_before(self, home: str, slot: int) -> None:
        """Drop set points that nobody has taken and that are too late."""
        for key in [key for key in self._waiting if key[0] == home and key[1] < slot]:
            del self._waiting[key]

    async def run(self) -> None:
        """Listen and send until cancelled."""
        while True:
            try:
                await self._session()
            except aiomqtt.MqttError as error:
                log.warning("broker %s:%d: %s; trying again", self._login.hostname, self._login.port, error)
            self.connected = False
            await asyncio.sleep(_RETRY_SECONDS)

    async def _session(self) -> None:
        login = self._login
        async with aiomqtt.Client(
            login.hostname,
            login.port,
            identifier=self._client_id,
            username=login.username,
            password=login.password,
            tls_context=login.tls,
        ) as client:
            client.pending_calls_threshold = 1_000
            for names in self._subscriptions():
                await client.subscribe([(topic, 0) for topic in names])
            self.connected = True
            self._wake.set()
            publishing = asyncio.create_task(self._publish(client))
            try:
                async for message in client.messages:
                    self._take(str(message.topic), message.payload)
            finally:
                publishing.cancel()
                await asyncio.gather(publishing, return_exceptions=True)

    def _subscriptions(self) -> list[list[str]]:
        topics = self._topics
        homes = ["+"] if len(self._homes) > _SUBSCRIBED_ONE_BY_ONE else sorted(self._homes)
        kinds = (topics.nameplate, topics.history, topics.telemetry, topics.status)
        return [[kind(home) for kind in kinds] for home in homes]

    def _take(self, topic: str, payload: object) -> None:
        try:
            home = self._topics.home_of(topic)
        except ValueError:
            return  # amqtt's broker greets clients with retained messages of others, such as Home Assistant's
        kind = topic.rpartition("/")[2]
        if home not in self._homes or kind not in _KINDS or not isinstance(payload, bytes):
            return
        try:
            message = decode(_KINDS[kind], payload)
        except MessageError as error:
            log.warning("%s: %s", home, error)
            return
        if isinstance(message, Status) and message.code is not StatusCode.ACCEPTED:
            log.warning("%s: set point for slot %s: %s: %s", home, message.slot, message.code.value, message.reason)
        self._heard(home, message)

    async def _publish(self, client: aiomqtt.Client) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                key, set_point = next(iter(self._waiting.items()))
                await client.publish(self._topics.set_point(key[0]), set_point.encode(), qos=1)
                if self._waiting.get(key) is set_point:
                    del self._waiting[key]


_KINDS: dict[str, type[Any]] = {
    "nameplate": Nameplate,
    "history": History,
    "telemetry": Telemetry,
    "status": Status,
}
