"""What homes and their DSO say to each other over MQTT in real-time control: which PCC, which signal is answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import aiomqtt

from clients.common.broker import BrokerAddress
from clients.common.broker_connection import BrokerConnection, own_client_id
from wire.answered import Answered
from wire.assignment import Assignment
from wire.mqtt import MessageError, Topics, decode

log = logging.getLogger(__name__)


class DsoLink:
    """A connection that comes back by itself; ``client_id``: a name at the broker, made up without one."""

    def __init__(self, broker: BrokerAddress, homes: Iterable[str], client_id: str = "") -> None:
        """Prepare. Raises: ConfigurationError when the broker's login is incomplete."""
        self._topics = topics = Topics(broker.topic_root)
        name = client_id or own_client_id("pcc")
        self._connection = BrokerConnection(
            broker, name, lambda: (topics.assignment("+"),), self._received, self._tell_all
        )
        self._home_at = {topics.assignment(home): home for home in homes}
        self._to_tell: asyncio.Queue[tuple[str, Answered]] = asyncio.Queue()
        self._heard: Callable[[str, Assignment], None] | None = None

    def tell(self, home: str, answered: Answered) -> None:
        """Tell the DSO which signal a home has answered. While the broker is away it is dropped: it would be stale."""
        if self._connection.connected.is_set():
            self._to_tell.put_nowait((home, answered))

    async def run(self, heard: Callable[[str, Assignment], None]) -> None:
        """Work until cancelled. ``heard`` gets a home's id and each assignment that can be read."""
        self._heard = heard
        await self._connection.run()

    async def _tell_all(self, client: aiomqtt.Client) -> None:
        while True:
            home, answered = await self._to_tell.get()
            await client.publish(self._topics.answered(home), answered.encode(), qos=0)

    def _received(self, topic: str, payload: bytes, _retained: bool) -> None:
        home = self._home_at.get(topic)
        if home is None or self._heard is None:
            return
        try:
            self._heard(home, decode(Assignment, payload))
        except MessageError as error:
            log.warning("%s: %s", home, error)
