"""The embedded broker: real connections, real processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from aiomqtt import Client

from emulator.broker import EmbeddedBroker
from emulator.broker_url import BrokerUrl

ROOT = Path(__file__).parents[2]
CROWD = 30


async def test_a_message_and_a_retained_one_reach_a_subscriber() -> None:
    async with EmbeddedBroker() as broker, Client("127.0.0.1", broker.port) as client:
        await client.publish("a/kept", b"before", qos=1, retain=True)
        await client.subscribe("a/#", qos=1)
        await client.publish("a/live", b"after", qos=1)
        got = {}
        async with asyncio.timeout(60):
            async for message in client.messages:
                got[str(message.topic)] = (message.payload, bool(message.retain))
                if len(got) == 2:
                    break
        assert got == {"a/kept": (b"before", True), "a/live": (b"after", False)}


async def test_a_named_client_finds_what_came_while_it_was_away() -> None:
    async with EmbeddedBroker() as broker:
        port = broker.port
        async with Client("127.0.0.1", port, identifier="dso", username="dso", clean_session=False) as client:
            await client.subscribe("a/b", qos=1)
        async with Client("127.0.0.1", port) as other:
            await other.publish("a/b", b"1", qos=1)
        async with Client("127.0.0.1", port, identifier="dso", username="dso", clean_session=False) as client:
            async with asyncio.timeout(60):
                message = await anext(client.messages)
            assert message.payload == b"1"


async def test_clients_that_come_while_others_subscribe_are_all_served(caplog: pytest.LogCaptureFixture) -> None:
    async with EmbeddedBroker() as broker, Client("127.0.0.1", broker.port) as first:
        # Whoever comes is told what is retained for all subscriptions, one after the other: others subscribe meanwhile.
        for number in range(CROWD):
            await first.subscribe(f"a/{number}", qos=1)
            await first.publish(f"a/{number}", b"kept", qos=1, retain=True)

        async def served(number: int) -> None:
            async with Client("127.0.0.1", broker.port) as client:
                await client.subscribe(f"b/{number}", qos=1)
                await client.publish(f"b/{number}", b"heard", qos=1)
                async for message in client.messages:
                    if message.topic.matches(f"b/{number}"):
                        return

        async def subscribe() -> None:
            for number in range(10 * CROWD):
                await first.subscribe(f"c/{number}")

        async with asyncio.timeout(60):
            await asyncio.gather(subscribe(), *(served(number) for number in range(CROWD)))
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_taken_port_is_an_error_at_once() -> None:
    async with EmbeddedBroker() as broker:
        with pytest.raises(OSError, match="in use"):
            await EmbeddedBroker(broker.port).start()


async def test_the_broker_process_says_where_it_listens_and_ends_cleanly_on_sigterm() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "emulator.broker", stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=dict(os.environ)
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        url = BrokerUrl.parse(json.loads(await process.stdout.readline())["broker"])
        async with Client(url.host, url.port) as client:
            await client.publish("a", b"1", qos=1)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mqtt://127.0.0.1:1999", BrokerUrl("127.0.0.1", 1999, False, None, None)),
        ("mqtt://broker", BrokerUrl("broker", 1883, False, None, None)),
        ("mqtts://u%40x:p%3Aw@broker", BrokerUrl("broker", 8883, True, "u@x", "p:w")),
        ("mqtt://127.0.0.1:0/", BrokerUrl("127.0.0.1", 0, False, None, None)),
    ],
)
def test_a_broker_url_is_read(text: str, expected: BrokerUrl) -> None:
    assert BrokerUrl.parse(text) == expected
    assert (BrokerUrl.parse(text).tls_context() is not None) is expected.tls


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "scheme ''"),
        ("broker:1883", "scheme 'broker'"),
        ("http://broker", "scheme 'http'"),
        ("mqtt://", "needs a host"),
        ("mqtt://broker/topic", "nothing behind the port"),
        ("mqtt://u:secret@broker:99999", "can't be read"),
        ("mqtt://u:secret@broker:port", "can't be read"),
    ],
)
def test_a_bad_broker_url_is_refused_with_the_way_out_and_without_its_password(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match="give mqtt://host:port") as caught:
        BrokerUrl.parse(text)
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_shows_nowhere() -> None:
    url = BrokerUrl.parse("mqtts://user:secret@broker:8883")
    assert "secret" not in f"{url} {url!r}"
