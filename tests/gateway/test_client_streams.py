"""The client's streams: typed, and at their place again after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from clients.common.chain import Chain
from clients.common.channel import open_channel
from clients.common.clock import ChainClock
from clients.common.errors import WrongChain
from clients.common.state_file import StateFile
from clients.common.subscribe import ChainEvent, Cursor, Subscriptions, value_of
from clients.common.wallet import Wallet
from tests.gateway.chain_host import BALANCE_NEUR, DEADLINE_SECONDS, ChainHost
from tests.gateway.serving import gateway
from tests.gateway.txs import SINK
from wire import accounts, ledger
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.results import Code

pytestmark = pytest.mark.network


def pays(event: ChainEvent, sender: Wallet) -> bool:
    return bool(event.value.source == ledger.account_holder(sender.address))


async def take(events: AsyncGenerator[ChainEvent, None], sender: Wallet, count: int) -> list[int]:
    """The amounts of a sender's next transfers."""
    amounts: list[int] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for event in events:
            if pays(event, sender):
                amounts.append(event.value.amount_neur)
            if len(amounts) == count:
                break
    await events.aclose()
    return amounts


async def test_events_come_as_values_with_their_place_and_transaction(chain: ChainHost) -> None:
    sender = chain.wallet()
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        receipt = await one.submit(sender, ledger.Transfer(SINK.address, 7))
        async for event in one.events(start=Cursor(receipt.height), types=[ledger.Moved]):
            if event.tx_hash == receipt.tx_hash:
                break
        assert event.type == "vdg.ledger.v1.Moved"
        assert isinstance(event.value, ledger.Moved)
        assert event.value.amount_neur == 7
        assert (event.height, event.next) == (receipt.height, Cursor(receipt.height, event.place + 1))


async def test_a_named_stream_goes_on_behind_the_last_block_that_was_finished(
    chain: ChainHost, short_dir: Path
) -> None:
    sender, state = chain.wallet(), short_dir / "state.db"
    async with gateway(chain.url) as (_, address):
        async with await Chain.open(address, state=state) as one:
            start = Cursor((await one.status()).height)
            for amount in (1, 2, 3):
                await one.submit(sender, ledger.Transfer(SINK.address, amount))
            seen = await take(one.events(start=start, types=[ledger.Moved], name="book"), sender, 2)
            assert seen == [1, 2]
        async with await Chain.open(address, state=state) as one:
            # Block 2 was not finished when the reader left it: it comes again, and block 1 does not.
            seen = await take(one.events(start=Cursor(0), types=[ledger.Moved], name="book"), sender, 2)
            assert seen == [2, 3]


async def test_batches_come_for_every_block(chain: ChainHost) -> None:
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        start = (await one.status()).height
        heights: list[int] = []
        async for batch in one.batches(start=Cursor(start), types=[accounts.AccountFrozen]):
            assert batch.complete
            assert batch.next == Cursor(batch.height + 1)
            heights.append(batch.height)
            if len(heights) == 4:
                break
        assert heights == list(range(start, start + 4))


async def test_results_tell_of_refusals(chain: ChainHost) -> None:
    sender = chain.wallet()
    async with gateway(chain.url) as (_, address), await Chain.open(address) as one:
        results = one.results(start=Cursor((await one.status()).height), senders=[sender.address])
        await one.submit(sender, ledger.Transfer(SINK.address, 1))
        too_much = one.submit(sender, ledger.Transfer(SINK.address, BALANCE_NEUR))
        await asyncio.gather(too_much, return_exceptions=True)
        codes = [(await anext(results)).code for _ in range(2)]
        assert codes == [Code.OK, Code.INSUFFICIENT_FUNDS]
        await results.aclose()


async def test_a_stream_of_another_chain_is_refused(chain: ChainHost) -> None:
    async with gateway(chain.url) as (_, address), open_channel(address) as channel:
        clock = ChainClock(channel)
        clock.chain_id = "elsewhere"
        state = await StateFile.open(None, "elsewhere")
        with pytest.raises(WrongChain, match="elsewhere"):
            await anext(Subscriptions(channel, state, clock).events(Cursor(1)))
        with pytest.raises(WrongChain, match="not 'elsewhere'"):
            await clock.status()
        await state.close()


def test_an_event_of_a_type_that_is_not_known_yet_has_no_value() -> None:
    assert value_of(pb.Event(type="vdg.future.v1.Flown", data=b"\x08\x01")) is None
