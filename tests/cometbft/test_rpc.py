"""The JSON-RPC client against a real node, and against things that are none."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from node.cometbft.responses import Broadcast
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import (
    MempoolFullError,
    NotFoundError,
    RpcMalformedError,
    RpcRefusedError,
    RpcUnreachableError,
    TxInCacheError,
    TxTooLargeError,
)
from node.localnet.localnet import Localnet

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

DEADLINE_SECONDS = 30.0


async def committed_height(rpc: RpcClient, tx_hash: bytes) -> int:
    """The height of a transaction, once it is in a block."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                return (await rpc.tx(tx_hash)).height
            except NotFoundError:
                await asyncio.sleep(0.02)


async def test_a_transaction_can_be_sent_found_and_queried(net: Localnet, rpc: RpcClient) -> None:
    sent = await rpc.broadcast_tx_sync(b"name=satoshi")
    assert sent == Broadcast(hashlib.sha256(b"name=satoshi").digest(), 0, b"", "", "")
    height = await committed_height(rpc, sent.hash)
    found = await rpc.tx(sent.hash)
    assert (found.tx, found.result.code) == (b"name=satoshi", 0)
    assert ("key", "name") in found.result.events[0].attributes
    block = await rpc.committed_block(height)
    assert block.block.txs == (b"name=satoshi",)
    assert block.results.tx_results == (found.result,)
    answer = await rpc.abci_query("/store", b"name")
    assert (answer.value, answer.code) == (b"satoshi", 0)
    # The state after a block stands in the header of the next one.
    await net.wait_for_height(height + 1)
    assert (await rpc.block(height + 1)).app_hash == block.results.app_hash
    assert (await rpc.block(height + 1)).header["last_block_id"]["hash"] == block.block.hash.hex().upper()


async def test_the_node_tells_who_and_where_it_is(net: Localnet, rpc: RpcClient) -> None:
    status = await rpc.status()
    plan = net.plan.validators[0]
    assert (status.chain_id, status.moniker, status.node_id) == ("one", plan.name, plan.node_id)
    assert status.validator_address.hex() == plan.address
    assert not status.catching_up
    [validator] = await rpc.validators()
    assert (validator.public_key.hex(), validator.voting_power) == (plan.public_key, plan.power)
    assert (await rpc.abci_info()).last_block_height >= 1
    assert await rpc.net_info() == ()
    signed = (await rpc.commit(1))["signed_header"]
    assert signed["header"]["chain_id"] == "one"


async def test_a_refusal_by_the_application_is_an_answer_not_an_error(rpc: RpcClient) -> None:
    assert (await rpc.broadcast_tx_sync(b"neither key nor value")).code != 0


async def test_every_refusal_by_the_node_has_its_own_type(rpc: RpcClient) -> None:
    with pytest.raises(TxTooLargeError, match="Max size is 100"):
        await rpc.broadcast_tx_sync(b"key=" + b"v" * 200)
    with pytest.raises(NotFoundError):
        await rpc.tx(bytes(32))
    with pytest.raises(NotFoundError):
        await rpc.block(1_000_000)
    with pytest.raises(NotFoundError):
        await rpc.block_results(1_000_000)
    await rpc.broadcast_tx_sync(b"twice=1")
    with pytest.raises(TxInCacheError):
        await rpc.broadcast_tx_sync(b"twice=1")
    with pytest.raises(RpcRefusedError, match="Method not found") as refused:
        await rpc.call("no_such_method")
    assert refused.value.code == -32601


async def test_a_full_mempool_has_its_own_type_and_is_seen_in_its_size(rpc: RpcClient) -> None:
    sent = await asyncio.gather(
        *(rpc.broadcast_tx_async(b"key%d=1" % number) for number in range(200)), return_exceptions=True
    )
    refused = [outcome for outcome in sent if isinstance(outcome, BaseException)]
    assert refused
    assert {type(outcome) for outcome in refused} == {MempoolFullError}
    assert (await rpc.num_unconfirmed_txs()).txs <= 3


async def test_a_node_that_is_not_there_is_unreachable() -> None:
    async with RpcClient("http://127.0.0.1:1") as rpc:
        with pytest.raises(RpcUnreachableError, match=r"status at http://127\.0\.0\.1:1"):
            await rpc.status()


@pytest.fixture
async def impostor() -> AsyncIterator[TestServer]:
    """A server that answers the method's name with something other than JSON-RPC, or not at all."""

    async def answer(request: web.Request) -> web.Response:
        method = (await request.json())["method"]
        if method == "silence":
            await asyncio.sleep(DEADLINE_SECONDS)
        return web.Response(text={"status": "<html>", "abci_info": '{"result": {"no": 1}}'}.get(method, "[1]"))

    application = web.Application()
    application.router.add_post("/", answer)
    server = TestServer(application)
    await server.start_server()
    yield server
    await server.close()


@pytest.mark.parametrize("method", ["status", "abci_info", "net_info"])
async def test_an_answer_of_another_shape_is_named_as_such(impostor: TestServer, method: str) -> None:
    async with RpcClient(str(impostor.make_url(""))) as rpc:
        with pytest.raises(RpcMalformedError, match=f"{method} at .* answered"):
            await getattr(rpc, method)()


async def test_a_node_that_does_not_answer_in_time_is_unreachable(impostor: TestServer) -> None:
    async with RpcClient(str(impostor.make_url("")), timeout_seconds=0.1) as rpc:
        with pytest.raises(RpcUnreachableError, match=r"no answer within 0\.1 s"):
            await rpc.call("silence")
