"""A real MQTT broker for tests, in the test's event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiomqtt

from emulator.broker import EmbeddedBroker
from wire.mqtt import Reading, Topics

TOPICS = Topics()


@asynccontextmanager
async def running_broker(port: int = 0) -> AsyncIterator[int]:
    """A broker on loopback that remembers named clients; gives its port."""
    async with EmbeddedBroker(port) as broker:
        yield broker.port


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
