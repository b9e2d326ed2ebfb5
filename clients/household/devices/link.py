"""The devices' connection to the broker: keeps commands until they are delivered or late, and watches for silence."""

from __future__ import annotations

import asyncio

import aiomqtt

from clients.common.broker import BrokerAddress
from clients.common.broker_connection import BrokerConnection, own_client_id
from clients.household.devices.moment import Moment
from clients.household.devices.roster import Roster

TICK_SECONDS = 0.25


class DeviceLink:
    """Carries a roster's messages and commands; ``client_id``: a name at the broker, made up without one.

    Raises: ConfigurationError when the broker's login is incomplete.
    """

    def __init__(self, broker: BrokerAddress, roster: Roster, client_id: str = "") -> None:
        self._roster = roster
        self._connection = BrokerConnection(
            broker, client_id or own_client_id("devices"), lambda: roster.topics, self._received, self._publish
        )

    @property
    def connected(self) -> asyncio.Event:
        """Set while there is a connection."""
        return self._connection.connected

    async def run(self) -> None:
        """Listen, send and watch for silence until cancelled; silence goes on while the broker is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._connection.run())

    async def _watch(self) -> None:
        while True:
            self._roster.tick(Moment.now())
            await asyncio.sleep(TICK_SECONDS)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        self._roster.receive(topic, payload, retained, Moment.now())

    async def _publish(self, client: aiomqtt.Client) -> None:
        outgoing = self._roster.outgoing
        while True:
            self._roster.wake.clear()
            while outgoing:
                # In their order, and without waiting for the broker's word on one before the next: a signal of control
                # is answered by all homes at once.
                batch, now_s = list(outgoing), Moment.now().unix_s
                await asyncio.gather(
                    *(
                        client.publish(command.topic, command.payload, qos=1)
                        for command in batch
                        if command.until_unix_s > now_s
                    )
                )
                # Only now: what was under way when the connection broke is sent again, and refused if it did arrive.
                for command in batch:
                    if outgoing and outgoing[0] is command:
                        outgoing.popleft()
            await self._roster.wake.wait()
