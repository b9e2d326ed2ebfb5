"""The devices' connection to the broker: comes back by itself, and keeps commands until they are delivered or late."""

from __future__ import annotations

import asyncio
import logging
import secrets

import aiomqtt

from clients.common.broker import BrokerAddress, broker_login
from clients.household.devices.moment import Moment
from clients.household.devices.roster import Roster

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
RETRY_SECONDS = 1.0


class DeviceLink:
    """Carries a roster's messages and commands. Raises: ConfigurationError when the broker's login is incomplete."""

    def __init__(self, broker: BrokerAddress, roster: Roster) -> None:
        self._login = broker_login(broker)
        # Not left to the broker: amqtt takes all clients without a name for one.
        self._client_id = f"vdg-devices-{secrets.token_hex(5)}"
        self._roster = roster
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Listen, send and watch for silence until cancelled; silence goes on while the broker is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._stay_connected())

    async def _watch(self) -> None:
        while True:
            self._roster.tick(Moment.now())
            await asyncio.sleep(TICK_SECONDS)

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._session()
            except* aiomqtt.MqttError as errors:
                host, port = self._login.hostname, self._login.port
                log.warning("broker %s:%d: %s; trying again", host, port, errors.exceptions[0])
            self.connected.clear()
            await asyncio.sleep(RETRY_SECONDS)

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
            await client.subscribe([(topic, 1) for topic in self._roster.topics])
            self.connected.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(client))
                tasks.create_task(self._publish(client))

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                topic, retained = str(message.topic), bool(message.retain)
                self._roster.receive(topic, message.payload, retained, Moment.now())

    async def _publish(self, client: aiomqtt.Client) -> None:
        outgoing = self._roster.outgoing
        while True:
            self._roster.wake.clear()
            while outgoing:
                command = outgoing[0]
                if command.until_unix_s > Moment.now().unix_s:
                    await client.publish(command.topic, command.payload, qos=1)
                # Only now: what was under way when the connection broke is sent again, and refused if it did arrive.
                if outgoing and outgoing[0] is command:
                    outgoing.popleft()
            await self._roster.wake.wait()
