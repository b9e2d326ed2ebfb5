"""Against real validators: verified reads through a real gateway, and the stock `cometbft light` proxy without us."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from clients.common.chain import Chain
from clients.common.light_blocks import RpcBlocks
from clients.common.trust import TrustSection, read_genesis
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.toolchain import COMETBFT_VERSION, binary
from tests.gateway.chain_host import BALANCE_NEUR, ChainHost, genesis, hosted_chain, wallet
from tests.gateway.serving import gateway
from tests.proofs.command import vdg, verify_receipt
from wire import state_keys
from wire.codec import decode
from wire.ledger import EUR, Balance, GetBalanceRequest, Transfer, account_holder
from wire.light.client import LightClient
from wire.light.hashing import header_hash
from wire.light.verify import anchor_of
from wire.unverified import Reason, Unverified

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def host() -> Iterator[ChainHost]:
    with hosted_chain() as one:
        yield one


def trusting(host: ChainHost, **others: Any) -> TrustSection:
    given = {"genesis": str(host.genesis_file), "witnesses": [host.url]} | others
    return TrustSection.model_validate(given, context={"folder": Path()})


async def test_balances_are_verified_through_a_real_gateway_while_they_change(host: ChainHost, tmp_path: Path) -> None:
    one, other = host.wallet(), host.wallet()
    request = GetBalanceRequest(account_holder(one.address))
    async with gateway(host.url) as (_, address), await Chain.open(address) as chain:
        reads = await chain.verified(trusting(host), file=tmp_path / "trust.json")
        assert (await reads.ask(request)).balance.free_neur == BALANCE_NEUR
        receipt = await chain.submit(one, Transfer(other.address, 400))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await reads.ask(request)).balance.free_neur != BALANCE_NEUR - 400:
                await asyncio.sleep(0.05)
        assert reads.light.newest is not None
        assert reads.light.newest.block.height > receipt.height
        # The next process goes on from where this one came to, whatever the genesis document's age.
        kept = json.loads((tmp_path / "trust.json").read_text())
        later = await chain.verified(trusting(host), file=tmp_path / "trust.json")
        assert (await later.ask(request)).balance.free_neur == BALANCE_NEUR - 400
        assert int(kept["block"]["signed_header"]["header"]["height"]) > 0
        # A file that belongs to another beginning counts for nothing.
        block = (await later.light.block_at(2)).block
        anew = trusting(host, genesis=None, height=2, hash=header_hash(block.header).hex())
        assert (await (await chain.verified(anew, file=tmp_path / "trust.json")).ask(request)).balance is not None


async def test_a_hash_that_is_not_the_chains_is_refused_at_once(host: ChainHost) -> None:
    async with gateway(host.url) as (_, address), await Chain.open(address) as chain:
        with pytest.raises(Unverified) as refused:
            await chain.verified(trusting(host, genesis=None, height=2, hash="00" * 32))
    assert refused.value.reason is Reason.TRUST_MISMATCH


async def test_a_damaged_trust_file_is_named(host: ChainHost, tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_text("{")
    async with gateway(host.url) as (_, address), await Chain.open(address) as chain:
        with pytest.raises(Unverified, match="is damaged"):
            await chain.verified(trusting(host), file=tmp_path / "trust.json")


async def test_the_command_verifies_and_proves_on_a_real_chain(host: ChainHost, tmp_path: Path) -> None:
    address = host.wallet().address.hex()
    out = tmp_path / "proof.json"
    query = ("query", "ledger", "balance", "--holder", address)
    trust = ("--genesis", host.genesis_file)
    async with gateway(host.url) as (_, target):
        done = await vdg(*query, "--verify", *trust, "--witness", host.url, "--json", gateway=target)
        assert (done.code, done.data["balance"]["free_neur"]) == (0, BALANCE_NEUR), done.err
        done = await vdg(*query, "--prove", "--out", out, *trust, gateway=target)
        assert done.code == 0, done.err
    checked = await vdg("proof", "check", out, *trust)
    assert checked.code == 0, checked.err
    assert f"Account {address} has 0.001000000 EUR free" in checked.out
    # The receipts' program knows receipts alone, and says so.
    assert "no receipt" in (await verify_receipt(out, host.genesis_file)).err


async def test_the_light_client_follows_a_real_node_over_json_rpc(host: ChainHost) -> None:
    blocks = RpcBlocks(host.url)
    newest = await blocks.light_block(0)
    light = LightClient(blocks, read_genesis(host.genesis_file), lambda: newest.header.time_ns + 1)
    assert anchor_of((await light.block_at(newest.height)).block).height == newest.height


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class LyingNode:
    """A node's JSON-RPC over HTTP, in whose answers about state a balance can be changed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.lying = False

    async def serve(self, request: web.Request) -> web.Response:
        async with aiohttp.ClientSession() as session:
            body = await request.read()
            async with session.post(self._url, data=body, headers={"Content-Type": "application/json"}) as answer:
                content = await answer.read()
        if self.lying and b"abci_query" in body:
            data = json.loads(content)
            value = base64.b64decode(data["result"]["response"]["value"])
            data["result"]["response"]["value"] = base64.b64encode(value[:-1] + b"\x01").decode()
            content = json.dumps(data).encode()
        return web.Response(body=content, content_type="application/json")

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        """For subscriptions, which nobody makes here; the proxy does not start without."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket


@asynccontextmanager
async def light_proxy(folder: Path, primary: str, witness: str, height: int, digest: str) -> AsyncIterator[str]:
    """The stock light client's proxy, `cometbft light`; its address."""
    port = free_port()
    command: list[str | Path] = [
        binary("cometbft", COMETBFT_VERSION),
        "light",
        "proxied",
        "--primary",
        primary,
        "--witnesses",
        witness,
    ]
    command += ["--height", str(height), "--hash", digest, "--laddr", f"tcp://127.0.0.1:{port}"]
    with (folder / "light.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, "--home-dir", str(folder / "light"), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                if process.returncode is not None:
                    raise RuntimeError(f"the proxy has ended:\n{(folder / 'light.log').read_text()}")
                try:
                    await asked(url, "status")
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def asked(url: str, method: str, **params: Any) -> Any:
    """The whole JSON-RPC answer."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with aiohttp.ClientSession() as session, session.post(url, json=request) as response:
        return json.loads(await response.read())


async def test_the_stock_light_proxy_verifies_our_state_and_sees_through_a_lie() -> None:
    holder = account_holder(wallet(3).address)
    item = state_keys.BALANCES.at(state_keys.balance_key(EUR, holder))
    query = {"path": f"/store/{item.store}/key", "data": item.key.hex()}
    settings = Settings(timeout_commit_ms=300)
    with tempfile.TemporaryDirectory(prefix="lp", dir="/tmp") as name:
        folder = Path(name)
        async with Localnet.create(folder / "net", chain_id="proxied", settings=settings) as net:
            net.write_genesis(genesis())
            await net.up()
            await net.wait_for_height(4)
            trusted = (await net.rpc(0).block(1)).hash.hex()
            node = LyingNode(net.plan.validators[0].rpc_url)
            app = web.Application()
            app.router.add_post("/", node.serve)
            app.router.add_get("/websocket", node.websocket)
            async with TestServer(app) as server:
                primary, witness = str(server.make_url("")).rstrip("/"), net.plan.validators[1].rpc_url
                async with light_proxy(folder, primary, witness, 1, trusted) as url:
                    answer = await asked(url, "abci_query", **query)
                    response = answer["result"]["response"]
                    balance = decode(Balance, base64.b64decode(response["value"]))
                    assert balance.free_neur == BALANCE_NEUR
                    assert [op["type"] for op in response["proofOps"]["ops"]] == ["simple:v"] * 3
                    node.lying = True
                    refused = await asked(url, "abci_query", **query)
                    assert "verify value proof" in refused["error"]["data"]
                    assert "result" not in refused
