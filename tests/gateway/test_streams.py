"""Streams against a real chain: everything once, in order, from any cursor."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import grpc
import pytest

from node.cometbft.rpc import RpcClient
from tests.gateway.chain_host import ACCOUNTS, BALANCE_NEUR, CHAIN_ID, DEADLINE_SECONDS, ChainHost, wallet
from tests.gateway.relay import Relay
from tests.gateway.serving import Client, client, gateway, served
from tests.gateway.txs import signed, transfer
from wire import accounts
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.results import Code
from wire.tx import tx_hash

pytestmark = pytest.mark.network

Place = tuple[int, int]


def at(height: int, index: int = 0) -> pb.Cursor:
    return pb.Cursor(height=height, index=index)


def request(start: pb.Cursor | None = None, **filters: object) -> pb.StreamRequest:
    asked = pb.StreamRequest(**filters)  # type: ignore[arg-type]  # filters are the message's fields
    if start is not None:
        getattr(asked, "from").CopyFrom(start)
    return asked


async def responses(one: Client, asked: pb.StreamRequest, last_height: int) -> AsyncIterator[pb.StreamResponse]:
    """Responses up to the one that completes a height."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for response in one.events.Stream(asked):
            yield response
            if response.height == last_height and response.complete:
                return


async def places(one: Client, asked: pb.StreamRequest, last_height: int) -> list[Place]:
    found: list[Place] = []
    async for response in responses(one, asked, last_height):
        found += [(response.height, event.index) for event in response.events]
    return found


async def send_some(one: Client, host: ChainHost, count: int = 4) -> tuple[int, int]:
    """Have transfers executed; the first and the last of their heights."""
    sender = host.wallet()
    txs = [await transfer(one, sender, nonce) for nonce in range(1, count + 1)]
    answers = await asyncio.gather(*map(one.submit, txs))
    heights = [answer.height for answer in answers]
    return min(heights), max(heights)


async def test_a_stream_has_what_the_blocks_have_in_their_order(chain: ChainHost) -> None:
    async with served(chain.url) as one, RpcClient(chain.url) as rpc:
        first, last = await send_some(one, chain)
        async for response in responses(one, request(at(first)), last):
            results = await rpc.block_results(response.height)
            block = await rpc.block(response.height)
            expected = [(event, b"") for event in results.events]
            for tx, result in zip(block.txs, results.tx_results, strict=True):
                expected += [(event, tx_hash(tx)) for event in result.events]
            assert response.time_ns == block.time_ns
            assert [event.index for event in response.events] == list(range(len(expected)))
            for event, (source, hash_) in zip(response.events, expected, strict=True):
                assert (event.type, event.tx_hash) == (source.type, hash_)
                assert event.data == base64.b64decode(dict(source.attributes)["data"])


async def test_every_block_moves_the_cursor_even_without_events(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        height = (await one.status()).height
        asked = request(at(height), types=["vdg.market.v1.BookCleared"])
        seen = [(answer.height, answer.next, answer.complete) async for answer in responses(one, asked, height + 3)]
        assert seen == [(h, at(h + 1), True) for h in range(height, height + 4)]


async def test_without_a_cursor_a_stream_begins_with_the_next_block(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        height = (await one.status()).height
        async for response in one.events.Stream(request()):
            assert height < response.height <= (await one.status()).height
            break


async def test_a_stream_resumed_at_any_event_goes_on_with_exactly_the_rest(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        first, last = await send_some(one, chain)
        everything = await places(one, request(at(first)), last)
        assert len(everything) >= 4
        for done in range(len(everything)):
            height, index = everything[done]
            assert await places(one, request(at(height, index)), last) == everything[done:]


async def test_filters_by_type_and_account_let_only_those_pass(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        owner, new_key = chain.wallet(), wallet(ACCOUNTS + 1)
        proof = new_key.sign(accounts.rotation_bytes(CHAIN_ID, owner.address, new_key.public_key))
        rotation = accounts.RotateKey(new_key.public_key, proof)
        answer = await one.submit(signed(owner, rotation, 2, await one.now_s() + 60))
        assert answer.code == Code.OK, answer.log
        last = (await one.submit(await transfer(one, chain.wallet()))).height

        async def types(**filters: object) -> list[str]:
            asked = request(at(answer.height), **filters)
            return [event.type async for response in responses(one, asked, last) for event in response.events]

        rotated, moved = "vdg.accounts.v1.KeyRotated", "vdg.ledger.v1.Moved"
        assert set(await types()) == {rotated, moved}
        assert set(await types(types=[moved])) == {moved}
        assert await types(accounts=[owner.address]) == [rotated]
        assert await types(accounts=[owner.address], types=[rotated, moved]) == [rotated]
        assert await types(accounts=[owner.address], types=["vdg.market.v1.BookCleared"]) == []


async def test_results_of_refused_transactions_are_streamed_too_and_filter_by_sender(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        rich, greedy = chain.wallet(), chain.wallet()
        good, bad = await transfer(one, rich), await transfer(one, greedy, amount_neur=BALANCE_NEUR + 1)
        answers = await asyncio.gather(one.submit(good), one.submit(bad))
        first, last = (pick(answer.height for answer in answers) for pick in (min, max))

        async def results(senders: list[bytes]) -> list[tuple[bytes, int, bytes]]:
            asked = pb.StreamResultsRequest(senders=senders, chain_id=CHAIN_ID)
            getattr(asked, "from").CopyFrom(at(first))
            found: list[tuple[bytes, int, bytes]] = []
            async for response in one.events.StreamResults(asked):
                found += [(result.hash, result.code, result.sender) for result in response.results]
                if response.height == last:
                    break
            return found

        expected_bad = (tx_hash(bad), int(Code.INSUFFICIENT_FUNDS), greedy.address)
        assert await results([greedy.address]) == [expected_bad]
        assert set(await results([])) == {expected_bad, (tx_hash(good), 0, rich.address)}


async def test_a_slow_reader_misses_nothing_and_a_small_cache_is_enough(chain: ChainHost) -> None:
    narrow = [("grpc.http2.lookahead_bytes", 1024), ("grpc.use_local_subchannel_pool", 1)]
    async with gateway(chain.url, memory={"cache_bytes": 1_000_000}) as (server, address), client(address) as one:
        start = (await one.status()).height
        async with grpc.aio.insecure_channel(address, options=narrow) as channel:
            stream = Client(channel).events.Stream(request(at(start)))
            first = await stream.read()
            sender = chain.wallet()
            for nonce in range(1, 9):
                last = (await one.submit(await transfer(one, sender, nonce))).height
            assert isinstance(first, pb.StreamResponse)
            heights = [first.height]
            moved = 0
            while heights[-1] < last:
                answer = await stream.read()
                assert isinstance(answer, pb.StreamResponse)
                heights.append(answer.height)
                moved += sum(sender.address in event.data for event in answer.events)
            assert heights == list(range(start, last + 1))
            assert moved == 8
        assert server.feed.subscriptions == 1


async def test_many_streams_share_one_subscription_at_the_node(chain: ChainHost) -> None:
    async with Relay(chain.url) as relay, gateway(relay.url) as (server, address), client(address) as one:
        start = (await one.status()).height
        asked = [request(at(start)) for _ in range(50)]
        sender = chain.wallet()
        last = (await one.submit(await transfer(one, sender))).height
        found = await asyncio.gather(*(places(one, each, last) for each in asked))
        assert len(set(map(tuple, found))) == 1
        assert found[0]
        assert relay.subscriptions == server.feed.subscriptions == 1


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        (request(accounts=[b"short"]), grpc.StatusCode.INVALID_ARGUMENT, "an address has 20"),
        (request(chain_id="another"), grpc.StatusCode.FAILED_PRECONDITION, "chain_id is 'another'"),
        (request(types=["x"] * 10_001), grpc.StatusCode.INVALID_ARGUMENT, "at most 10000"),
    ],
    ids=["bad address", "other chain", "too many filters"],
)
async def test_a_request_that_makes_no_sense_is_refused(
    chain: ChainHost, asked: pb.StreamRequest, status: grpc.StatusCode, words: str
) -> None:
    async with served(chain.url) as one:
        with pytest.raises(grpc.aio.AioRpcError, match=words) as caught:
            async for _ in one.events.Stream(asked):
                pass
        assert caught.value.code() is status


async def test_a_stream_from_height_zero_begins_with_the_oldest_block(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        async for response in one.events.Stream(request(at(0))):
            assert response.height == (await one.status()).earliest_height
            break


async def test_a_cursor_ahead_of_the_chain_waits_for_it(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        ahead = (await one.status()).height + 3
        async for response in one.events.Stream(request(at(ahead))):
            assert response.height == ahead
            break


async def test_a_gateway_that_ends_tells_its_streams_to_go_on_elsewhere(chain: ChainHost) -> None:
    async with gateway(chain.url) as (server, address), client(address) as one:
        stream = one.events.Stream(request())
        await stream.read()
        await server.stop()

        async def read_on() -> None:
            while True:
                await stream.read()

        with pytest.raises(grpc.aio.AioRpcError, match="go on at another one") as caught:
            await read_on()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
