"""The DSO's ear at the transformer station and homes in the middle of slots, and its voice to homes, over MQTT."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import aiomqtt

from clients.common.broker import BrokerAddress
from clients.common.broker_connection import BrokerConnection
from clients.common.slots import SlotClock
from wire.answered import Answered
from wire.assignment import Assignment
from wire.mqtt import MessageError, Topics, decode
from wire.station import StationNow

log = logging.getLogger(__name__)

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
        self._topics = topics = Topics(broker.topic_root)
        self._connection = BrokerConnection(
            broker,
            broker.client_id[: _NAME_CHARACTERS - len(_CLIENT_SUFFIX)] + _CLIENT_SUFFIX,
            lambda: (topics.station_now(), topics.answered("+")),
            lambda topic, payload, _retained: self.take(topic, payload),
        )
        self._clock = clock
        self._pccs = pccs
        self._home_at = {topics.answered(home): home for home in homes}
        self._news = asyncio.Event()
        self.now: StationNow | None = None
        self.answered: dict[str, Answered] = {}
        self.refused = 0

    async def run(self) -> None:
        """Listen until cancelled, reconnecting as often as needed."""
        await self._connection.run()

    async def news(self, timeout_s: float) -> None:
        """Return when something new was measured or said, or after so many seconds."""
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return

    async def assign(self, told: Mapping[str, Assignment]) -> bool:
        """Tell each home its entry, retained; False when the broker doesn't take it now."""
        sent = [
            self._connection.publish(self._topics.assignment(home), entry.encode(), retain=True)
            for home, entry in told.items()
        ]
        try:
            await asyncio.gather(*sent)
        except aiomqtt.MqttError as error:
            log.warning("homes were not told their PCCs: %s", error)
            return False
        return True

    def take(self, topic: str, payload: bytes) -> None:
        """Judge one message."""
        try:
            if topic == self._topics.station_now():
                self._take_now(decode(StationNow, payload))
            elif topic in self._home_at:
                self._take_answered(self._home_at[topic], decode(Answered, payload))
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
