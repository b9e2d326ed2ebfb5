"""Following a chain through whatever happens to the node."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from node.cometbft.block_stream import stream_blocks
from node.cometbft.blocks import CommittedBlock
from node.cometbft.rpc import RpcClient
from node.localnet.localnet import Localnet

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

DEADLINE_SECONDS = 60.0


async def take(rpc: RpcClient, count: int, from_height: int | None = None) -> list[CommittedBlock]:
    found: list[CommittedBlock] = []
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(stream_blocks(rpc, from_height)) as blocks:
        async for block in blocks:
            found.append(block)
            if len(found) == count:
                break
    return found


async def test_a_stream_from_the_past_runs_on_into_the_present(net: Localnet, rpc: RpcClient) -> None:
    await net.wait_for_height(8)
    now = (await rpc.status()).height
    heights = [block.height for block in await take(rpc, now + 5, from_height=1)]
    assert heights == list(range(1, now + 6))


async def test_a_stream_without_a_start_begins_with_the_next_block(rpc: RpcClient) -> None:
    before = (await rpc.status()).height
    heights = [block.height for block in await take(rpc, 3)]
    assert heights[0] > before
    assert heights == list(range(heights[0], heights[0] + 3))


async def test_a_streamed_block_is_the_one_that_can_be_fetched(rpc: RpcClient) -> None:
    following = asyncio.create_task(take(rpc, 12))
    sent = await rpc.broadcast_tx_sync(b"streamed=yes")
    blocks = await following
    fetched = [await rpc.committed_block(block.height) for block in blocks]
    assert blocks == fetched
    found = await rpc.tx(sent.hash)
    assert any(block.height == found.height and b"streamed=yes" in block.block.txs for block in blocks)


async def test_a_killed_node_leaves_neither_a_gap_nor_a_repeat(net: Localnet, rpc: RpcClient) -> None:
    following = asyncio.create_task(take(rpc, 60, from_height=2))
    await net.wait_for_height(10)
    await net.kill(0, "cometbft")
    heights = [block.height for block in await following]
    assert heights == list(range(2, 62))
    assert net.unit("validator0").restarts == 1
