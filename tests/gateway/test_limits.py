"""What one peer may ask for."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.gateway.rate_limit import MAX_PEERS, CallRate, StreamCount
from node.gateway.refusals import RETRY_KEY, CallRefused
from tests.gateway.chain_host import DEADLINE_SECONDS, ChainHost
from tests.gateway.relay import Relay
from tests.gateway.serving import Client, client, eventually, gateway, served
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb


class Clock:
    """Time in seconds that tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(rate: CallRate, peer: str) -> bool:
    try:
        rate.take(peer)
    except CallRefused:
        return False
    return True


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 10), st.integers(1, 5))
def test_no_peer_ever_gets_more_than_its_burst_and_its_rate(
    pauses: list[float], burst: int, calls_per_second: int
) -> None:
    clock = Clock()
    rate = CallRate(calls_per_second, burst, clock)
    count = 0
    for pause_seconds in pauses:
        clock.now += pause_seconds
        count += taken(rate, "a")
        assert count <= burst + clock.now * calls_per_second + 1e-6


@given(st.integers(1, 10), st.floats(0.5, 100))
def test_after_the_pause_that_is_named_a_call_is_free_again(burst: int, calls_per_second: float) -> None:
    clock = Clock()
    rate = CallRate(calls_per_second, burst, clock)
    for _ in range(burst):
        rate.take("a")
    with pytest.raises(CallRefused) as caught:
        rate.take("a")
    assert caught.value.retry_after_ms is not None
    clock.now += caught.value.retry_after_ms / 1000
    rate.take("a")


def test_one_peers_calls_do_not_cost_another_anything() -> None:
    rate = CallRate(1, 1, Clock())
    rate.take("a")
    assert not taken(rate, "a")
    assert taken(rate, "b")


def test_peers_that_are_remembered_are_bounded() -> None:
    rate = CallRate(1, 1, Clock())
    for number in range(MAX_PEERS + 1):
        rate.take(str(number))
    # The longest silent one was forgotten, the others were not.
    assert taken(rate, "0")
    assert not taken(rate, str(MAX_PEERS))


def test_a_rate_of_zero_is_no_limit() -> None:
    rate = CallRate(0, 1, Clock())
    assert all(taken(rate, "a") for _ in range(100))


def test_streams_are_counted_for_each_peer_and_over_all() -> None:
    streams = StreamCount(3, 2)
    with streams.one("a"), streams.one("a"):
        with pytest.raises(CallRefused, match="a has 2 streams open"), streams.one("a"):
            pass
        with streams.one("b"):
            with pytest.raises(CallRefused, match="serves 3 streams"), streams.one("c"):
                pass
            assert streams.open_count == 3
    assert streams.open_count == 0
    with streams.one("a"):
        pass


@pytest.mark.network
async def test_too_many_calls_are_told_when_to_come_back(chain: ChainHost) -> None:
    async with served(chain.url, limits={"calls_per_second": 1.0, "burst": 5}) as one:
        with pytest.raises(grpc.aio.AioRpcError, match="more than 1 calls a second") as caught:
            await asyncio.gather(*(one.status() for _ in range(20)))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        pause_ms = int(str(dict(caught.value.trailing_metadata() or ())[RETRY_KEY]))
        assert 0 < pause_ms <= 1000

        async def answered() -> bool:
            try:
                await one.status()
            except grpc.aio.AioRpcError:
                return False
            return True

        await eventually(answered, "a call is free again")


@pytest.mark.network
async def test_too_many_streams_are_refused_and_a_closed_one_makes_room(chain: ChainHost) -> None:
    async with served(chain.url, limits={"streams_per_peer": 2}) as one:
        streams = [one.events.Stream(pb.StreamRequest()) for _ in range(2)]
        for stream in streams:
            await stream.read()
        with pytest.raises(grpc.aio.AioRpcError, match="2 streams open") as caught:
            await one.events.Stream(pb.StreamRequest()).read()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        streams[0].cancel()

        async def room() -> bool:
            try:
                return bool(await one.events.Stream(pb.StreamRequest()).read())
            except grpc.aio.AioRpcError:
                return False

        await eventually(room, "a stream can be opened again")


@pytest.mark.network
async def test_a_message_over_the_limit_is_refused_and_the_next_call_is_served(chain: ChainHost) -> None:
    async with served(chain.url, limits={"max_request_bytes": 300_000}) as one:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await one.tx.Submit(pb.SubmitRequest(tx=b"x" * 300_001))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await one.status()).height > 0


@pytest.mark.network
async def test_a_call_without_deadline_ends_with_the_gateways(chain: ChainHost) -> None:
    async with Relay(chain.url) as relay, served(relay.url, limits={"max_call_seconds": 0.3}) as one:
        relay.hold()
        with pytest.raises(grpc.aio.AioRpcError, match=r"no answer within 0\.3 s") as caught:
            await one.store.Get(pb.GetRequest(store="accounts", key=b"x"))
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.network
async def test_many_clients_at_once_are_served(chain: ChainHost) -> None:
    async with gateway(chain.url) as (_, address), AsyncExitStack() as stack:
        clients: list[Client] = [await stack.enter_async_context(client(address)) for _ in range(40)]
        async with asyncio.timeout(DEADLINE_SECONDS):
            answers = await asyncio.gather(*(one.status() for one in clients))
        assert all(answer.height for answer in answers)
