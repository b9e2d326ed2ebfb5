"""Gateways killed, nodes restarted, networks that break: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import grpc
import pytest

from clients.common.chain import Chain
from clients.common.subscribe import ChainEvent, Cursor
from clients.common.wallet import Wallet
from node.cometbft.rpc import RpcClient
from tests.gateway.chain_host import BALANCE_NEUR, CHAIN_ID, DEADLINE_SECONDS, ChainHost
from tests.gateway.relay import Relay
from tests.gateway.serving import Client, GatewayProcess, client, eventually, gateway, served
from tests.gateway.txs import SINK, transfer
from wire import ledger
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb

pytestmark = pytest.mark.network


async def collect(events: AsyncGenerator[ChainEvent, None], sender: Wallet, count: int) -> list[ChainEvent]:
    """A sender's transfers, so many of them."""
    found: list[ChainEvent] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for event in events:
            if event.value.source == ledger.account_holder(sender.address):
                found.append(event)
            if len(found) == count:
                break
    await events.aclose()
    return found


def amounts(events: list[ChainEvent]) -> list[int]:
    return sorted(event.value.amount_neur for event in events)


async def balance_neur(chain: Chain, wallet: Wallet) -> int:
    answer = await chain.query(ledger.GetBalanceRequest(ledger.account_holder(wallet.address)))
    return int(answer.balance.free_neur)


async def test_submits_and_streams_survive_a_gateway_that_is_killed_again_and_again(
    chain: ChainHost, short_dir: Path
) -> None:
    process = GatewayProcess(short_dir, chain.url)
    await process.start()
    sender, count = chain.wallet(), 40
    try:
        async with await Chain.open(process.target, state=short_dir / "state.db") as one:
            start = Cursor((await one.status()).height)
            reading = asyncio.create_task(collect(one.events(start=start, types=[ledger.Moved]), sender, count))
            sending = [
                asyncio.create_task(one.submit(sender, ledger.Transfer(SINK.address, amount)))
                for amount in range(1, count + 1)
            ]
            for _ in range(2):
                await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
                process.kill()
                await process.start()
            receipts = await asyncio.gather(*sending)
            events = await reading
            assert len({receipt.tx_hash for receipt in receipts}) == count
            assert amounts(events) == list(range(1, count + 1))
            assert [(event.height, event.place) for event in events] == sorted(
                {(event.height, event.place) for event in events}
            )
            assert await balance_neur(one, sender) == BALANCE_NEUR - sum(range(1, count + 1))
    finally:
        process.kill()


async def test_submits_and_streams_survive_a_node_that_is_killed(chain: ChainHost, short_dir: Path) -> None:
    sender, count = chain.wallet(), 30
    async with gateway(chain.url) as (_, address), await Chain.open(address, state=short_dir / "s.db") as one:
        start = Cursor((await one.status()).height)
        reading = asyncio.create_task(collect(one.events(start=start, types=[ledger.Moved]), sender, count))

        async def send(amount_neur: int) -> None:
            await one.submit(sender, ledger.Transfer(SINK.address, amount_neur))

        sending = [asyncio.create_task(send(amount)) for amount in range(1, count // 2 + 1)]
        await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(chain.restart_node)
        # Those that only this node's mempool held are gone with it; sending the same bytes brings them back.
        sending += [asyncio.create_task(send(amount)) for amount in range(count // 2 + 1, count + 1)]
        await asyncio.gather(*sending)
        assert amounts(await reading) == list(range(1, count + 1))
        assert await balance_neur(one, sender) == BALANCE_NEUR - sum(range(1, count + 1))


async def test_a_node_that_forgot_a_transaction_does_not_make_it_look_refused(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        tx = await transfer(one, chain.wallet())
        first = await one.submit(tx)
        assert first.state == pb.TX_STATE_IN_BLOCK
    await asyncio.to_thread(chain.restart_node)
    await wait_for_node(chain)
    # The node's cache is empty now: it checks the bytes anew and finds their nonce used.
    async with served(chain.url, memory={"recent_results": 1}) as one:
        assert await one.submit(tx) == first


async def wait_for_node(chain: ChainHost) -> None:
    """Until the node takes part again: makes a block."""
    async with served(chain.url) as one:
        await wait_for_height(one, (await one.status()).height + 1)


async def places(one: Client, first: int, last: int) -> list[int]:
    """Heights of completed blocks, as a stream gives them."""
    asked = pb.StreamRequest(chain_id=CHAIN_ID)
    getattr(asked, "from").CopyFrom(pb.Cursor(height=first))
    found: list[int] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for response in one.events.Stream(asked):
            found.append(response.height)
            if response.height >= last:
                break
    return found


async def test_a_connection_to_the_node_that_breaks_leaves_no_gap_in_a_stream(chain: ChainHost) -> None:
    async with Relay(chain.url) as relay, gateway(relay.url) as (_, address), client(address) as one:
        first = (await one.status()).height
        reading = asyncio.create_task(places(one, first, first + 10))
        for step in range(3):
            await wait_for_height(one, first + 2 * step)
            relay.cut()
        assert await reading == list(range(first, first + 11))
        assert relay.subscriptions > 1


async def wait_for_height(one: Client, height: int) -> None:
    async def reached() -> bool:
        return (await one.status()).height >= height

    await eventually(reached, f"the gateway has block {height}")


async def test_a_node_that_does_not_answer_is_replaced_by_the_next(chain: ChainHost) -> None:
    async with (
        Relay(chain.url) as first,
        Relay(chain.url) as second,
        gateway(first.url, second.url) as (_, address),
        client(address) as one,
    ):
        start = (await one.status()).height
        reading = asyncio.create_task(places(one, start, start + 8))
        first.refuse(True)
        first.cut()
        sender = chain.wallet()
        answer = await one.submit(await transfer(one, sender))
        assert answer.state == pb.TX_STATE_IN_BLOCK
        assert await reading == list(range(start, start + 9))
        assert second.subscriptions == 1


async def test_a_node_that_falls_silent_is_left_for_one_that_goes_on(chain: ChainHost) -> None:
    async with (
        Relay(chain.url) as first,
        Relay(chain.url) as second,
        gateway(first.url, second.url, node_timeout_seconds=0.5, stall_seconds=0.5) as (server, address),
        client(address) as one,
    ):
        start = (await one.status()).height
        first.hold()
        await wait_for_height(one, start + 3)

        async def ready() -> bool:
            return server.feed.ready

        await eventually(ready, "the gateway is ready with the other node")


async def test_without_any_node_calls_fail_with_the_way_out_and_streams_wait(chain: ChainHost) -> None:
    async with Relay(chain.url) as relay, gateway(relay.url) as (_, address), client(address) as one:
        tx = await transfer(one, chain.wallet())
        height = (await one.status()).height
        reading = asyncio.create_task(places(one, height, height + 5))
        relay.refuse(True)
        relay.cut()
        with pytest.raises(grpc.aio.AioRpcError, match="send the same bytes") as caught:
            await one.submit(tx)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "127.0.0.1" not in str(caught.value.details())
        relay.refuse(False)
        assert await reading == list(range(height, height + 6))
        assert (await one.submit(tx)).state == pb.TX_STATE_IN_BLOCK


async def test_a_gateway_started_before_its_node_serves_when_the_node_comes(chain: ChainHost) -> None:
    async with Relay(chain.url) as relay:
        relay.refuse(True)
        starting = asyncio.create_task(first_height(relay.url))
        await eventually(lambda: some_refused(relay), "the gateway has tried")
        relay.refuse(False)
        assert await starting > 0


async def some_refused(relay: Relay) -> bool:
    return relay.refused > 0


async def first_height(url: str) -> int:
    async with served(url) as one, RpcClient(url) as rpc:
        assert (await rpc.status()).chain_id == CHAIN_ID
        return (await one.status()).height
