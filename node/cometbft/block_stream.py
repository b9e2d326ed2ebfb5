"""Committed blocks as they come, in order, none missing and none twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import aiohttp

from node.cometbft.blocks import Block, BlockResults, CommittedBlock, TxResult, parse_events
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import NotFoundError, RpcError, RpcMalformedError, RpcUnreachableError, refusal
from wire.go_json import Json, from_base64

QUERY: Final = "tm.event='NewBlock'"
# The node pings every 27 s (rpc/jsonrpc/server/ws_handler.go); silence beyond this means it is gone.
SILENCE_SECONDS: Final = 60.0
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0


async def subscription(rpc: RpcClient) -> AsyncGenerator[CommittedBlock | None, None]:
    """One connection's events: None once the node has confirmed the subscription, then blocks as it commits them.

    CometBFT drops events of a subscriber that is too slow, so heights may be missing.

    Raises:
        RpcUnreachableError: the connection could not be made, or ended.
        RpcRefusedError: the node refused or cancelled the subscription.
        RpcMalformedError: the node sent something else than blocks.
    """
    request = {"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"query": QUERY}}
    url = f"{rpc.url}/websocket"
    try:
        # Blocks have no useful bound here: the chain's own block size is one already.
        async with rpc.session.ws_connect(url, max_msg_size=0, heartbeat=SILENCE_SECONDS / 2) as socket:
            await socket.send_json(request)
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                result = parse_message(url, message.data)
                yield parse_block(url, result) if result else None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise RpcUnreachableError(f"subscribe at {url}: {error or type(error).__name__}") from error
    raise RpcUnreachableError(f"subscribe at {url}: the node closed the connection")


async def stream_blocks(rpc: RpcClient, from_height: int | None = None) -> AsyncGenerator[CommittedBlock, None]:
    """Every committed block from `from_height` on (default: the next one), forever.

    Reconnects with growing pauses as long as it takes; what was missed meanwhile is fetched by height.

    Raises:
        NotFoundError: the node has pruned `from_height` already.
    """
    next_height = from_height
    pause_seconds = FIRST_PAUSE_SECONDS
    while True:
        try:
            async with aclosing(connected(rpc, next_height)) as blocks:
                async for block in blocks:
                    yield block
                    next_height = block.height + 1
                    pause_seconds = FIRST_PAUSE_SECONDS
        except NotFoundError:
            raise
        except RpcError:
            # The node restarts, or is not up yet; whoever reads this stream wants the blocks, not the reason.
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)


async def connected(rpc: RpcClient, from_height: int | None) -> AsyncGenerator[CommittedBlock, None]:
    """The blocks of one connection in order from `from_height`; those the subscription lacks are fetched."""
    next_height = from_height
    async with aclosing(subscription(rpc)) as events:
        async for event in events:
            # Only after the confirmation is it certain that no block falls between those fetched and those sent.
            newest = event.height - 1 if event else (await rpc.status()).height
            if next_height is None:
                next_height = newest + 1
            while next_height <= newest:
                yield await rpc.committed_block(next_height)
                next_height += 1
            if event and event.height == next_height:
                yield event
                next_height += 1


def parse_message(url: str, text: str) -> Json:
    """The result in one websocket message."""
    try:
        answer = json.loads(text)
        if error := answer.get("error"):
            raise refusal("subscribe", url, int(error["code"]), error.get("data") or error["message"])
        result: Json = answer["result"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RpcMalformedError(f"subscribe at {url} sent {text[:200]!r}") from error
    return result


def parse_block(url: str, result: Json) -> CommittedBlock:
    """The block and results in a NewBlock event."""
    try:
        value: dict[str, Any] = result["data"]["value"]
        block, outcome = Block.from_json(value), value["result_finalize_block"]
        results = BlockResults(
            height=block.height,
            tx_results=tuple(TxResult.from_json(item) for item in outcome.get("tx_results") or ()),
            events=parse_events(outcome.get("events")),
            app_hash=from_base64(outcome.get("app_hash")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RpcMalformedError(f"subscribe at {url} sent {str(result)[:200]}") from error
    return CommittedBlock(block, results)
