"""The DSO's ear at the transformer station and homes in the middle of slots, and its voice to homes, over MQTT."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login
from clients.common.slots import SlotClock
from wire.answered import Answered
from wire.assignment import Assignment
from wire.mqtt import MessageError, Topics, decode
from wire.station import StationNow

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
# No feeder of a low-voltage network carries so much; and a meter's clock that is so far off says nothing of now.
_MOST_W = 1_000_000
_MOST_WH = 1_000_000
_CLOCK_SECONDS = 2.0
_CLIENT_SUFFIX = "-grid"
_NAME_CHARACTERS = 23


class StationLink:
    """Keeps the newest believable measurement of the running slot, and which signal each home has answered last.

    What is absurd is refused, counted and logged, and changes nothing.
    ``pccs``: the feeder and phase of each point that the station has to measure; ``homes``: who may say something.
    """

    def __init__(
        self, broker: BrokerAddress, clock: SlotClock, pccs: frozenset[tuple[str, str]], homes: frozenset[str]
    ) -> None:
        """Prepare. Raises: ConfigurationError when the broker's login is incomplete."""
        self._login = broker_login(broker)
        self._client_id = broker.client_id[: _NAME_CHARACTERS - len(_CLIENT_SUFFIX)] + _CLIENT_SUFFIX
        self._topics = Topics(broker.topic_root)
        self._clock = clock
        self._pccs = pccs
        self._homes = homes
        self._client: aiomqtt.Client | None = None
        self._news = asyncio.Event()
        self.now: StationNow | None = None
        self.answered: dict[str, Answered] = {}
        self.refused = 0

    async def run(self) -> None:
        """Listen until cancelled, reconnecting as often as needed."""
        while True:
            try:
                await self._session()
            except aiomqtt.MqttError as error:
                log.warning("broker %s:%d: %s; trying again", self._login.hostname, self._login.port, error)
            finally:
                self._client = None
            await asyncio.sleep(_RETRY_SECONDS)

    async def news(self, timeout_s: float) -> None:
        """Return when something new was measured or said, or after so many seconds."""
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return

    async def assign(self, told: Mapping[str, Assignment]) -> bool:
        """Tell each home its entry, retained; False when the broker doesn't take it now."""
        client = self._client
        if client is None:
            return False
        sent = [
            client.publish(self._topics.assignment(home), entry.encode(), qos=1, retain=True)
            for home, entry in told.items()
        ]
        try:
            await asyncio.gather(*sent)
        except aiomqtt.MqttError as error:
            log.warning("homes were not told their PCCs: %s", error)
            return False
        return True

    def take(self, topic: str, payload: object) -> None:
        """Judge one message."""
        if not isinstance(payload, bytes):
            return
        try:
            if topic == self._topics.station_now():
                self._take_now(decode(StationNow, payload))
                return
            home = topic.removeprefix(f"{self._topics.root}/").partition("/")[0]
            if home in self._homes and topic == self._topics.answered(home):
                self._take_answered(home, decode(Answered, payload))
        except MessageError as error:
            self._refuse(str(error))

    def _take_now(self, now: StationNow) -> None:
        start_s = self._clock.start_s(now.slot)
        time_s = now.time_ms / 1000
        wrong = self._wrong_points(now.pccs)
        if not wrong and any(abs(pcc.power_w) > _MOST_W or abs(pcc.energy_wh) > _MOST_WH for pcc in now.pccs):
            wrong = f"powers of more than {_MOST_W} W, or energies of more than {_MOST_WH} Wh"
        if not wrong and not start_s - _CLOCK_SECONDS <= time_s <= start_s + self._clock.slot_seconds + _CLOCK_SECONDS:
            wrong = f"time_ms = {now.time_ms} is not in slot {now.slot}"
        if not wrong and time_s > time.time() + _CLOCK_SECONDS:
            wrong = f"time_ms = {now.time_ms} lies ahead"
        if wrong:
            self._refuse(f"the station's measurement: {wrong}")
        elif self.now is None or now.time_ms >= self.now.time_ms:
            self.now = now
            self._news.set()

    def _take_answered(self, home: str, said: Answered) -> None:
        if said.since_ms / 1000 > time.time() + _CLOCK_SECONDS:
            self._refuse(f"what {home} has answered: since_ms = {said.since_ms} lies ahead")
            return
        self.answered[home] = said
        self._news.set()

    def _wrong_points(self, pccs: tuple[Any, ...]) -> str:
        points = [(pcc.feeder, pcc.phase) for pcc in pccs]
        if len(set(points)) != len(points) or not self._pccs <= set(points):
            return f"it has {len(points)} points, not each of {len(self._pccs)} once"
        return ""

    def _refuse(self, why: str) -> None:
        self.refused += 1
        log.warning("refused: %s", why)

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
            topics = self._topics
            await client.subscribe([(topics.station_now(), 0), (topics.answered("+"), 0)])
            self._client = client
            async for message in client.messages:
                self.take(str(message.topic), message.payload)
