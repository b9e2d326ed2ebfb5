"""A real MQTT broker for tests, in the test's event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
from amqtt.broker import Broker

from wire.mqtt import Reading, Topics

TOPICS = Topics()


def broker_settings(port: int) -> dict[str, Any]:
    """Every client names a user, so that the broker keeps messages for those that are away."""
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}},
    }


@asynccontextmanager
async def running_broker(port: int = 0) -> AsyncIterator[int]:
    """A broker on loopback; gives its port."""
    broker = Broker(broker_settings(port))
    await broker.start()
    try:
        yield broker._servers["default"].instance.sockets[0].getsockname()[1]
    finally:
        await broker.shutdown()


async def publish(port: int, *messages: tuple[str, bytes | Reading]) -> None:
    """Publish readings, or other bytes, under homes' meter topics, as meters do."""
    async with aiomqtt.Client("127.0.0.1", port, username="meters") as client:
        for home, content in messages:
            payload = content.encode() if isinstance(content, Reading) else content
            await client.publish(TOPICS.reading(home), payload, qos=1, retain=True)


def readings_of(meter: str, registers: Sequence[tuple[int, int]], first_slot: int) -> list[Reading]:
    """Consecutive readings with these (import, export) registers in Wh; slots of one second since Unix time 0."""
    return [
        Reading(
            meter=meter,
            sequence=number,
            slot=first_slot + number,
            time_s=first_slot + number + 1,
            import_wh=import_wh,
            export_wh=export_wh,
        )
        for number, (import_wh, export_wh) in enumerate(registers)
    ]
