"""Reads through the gateway: what the application answers, byte by byte."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from node.gateway.read_service import HEIGHT_KEY, query_services
from tests.gateway.chain_host import BALANCE_NEUR, CHAIN_ID, ChainHost
from tests.gateway.serving import Client, served
from tests.gateway.txs import transfer
from wire import accounts, ledger
from wire.codec import decode, encode
from wire.gen.vdg.accounts.v1 import accounts_pb2, accounts_pb2_grpc
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.ledger.v1 import ledger_pb2, ledger_pb2_grpc

pytestmark = pytest.mark.network


async def test_a_typed_query_answers_with_the_height_that_it_read_at(chain: ChainHost) -> None:
    one_wallet = chain.wallet()
    async with served(chain.url) as one:
        stub = ledger_pb2_grpc.LedgerQueryServiceStub(one.channel)
        call = stub.GetBalance(ledger_pb2.GetBalanceRequest(holder=ledger.account_holder(one_wallet.address)))
        assert (await call).balance.free_neur == BALANCE_NEUR
        assert int(str(dict(await call.trailing_metadata())[HEIGHT_KEY])) > 0


async def test_what_a_transaction_did_is_read_right_after_its_answer(chain: ChainHost) -> None:
    sender = chain.wallet()
    async with served(chain.url) as one:
        stub = ledger_pb2_grpc.LedgerQueryServiceStub(one.channel)
        for nonce in range(1, 4):
            await one.submit(await transfer(one, sender, nonce))
            request = ledger_pb2.GetBalanceRequest(holder=ledger.account_holder(sender.address))
            assert (await stub.GetBalance(request)).balance.free_neur == BALANCE_NEUR - nonce


async def test_protobufs_bytes_and_ours_are_the_same_on_both_ways(chain: ChainHost) -> None:
    address = chain.wallet().address
    async with served(chain.url) as one:
        path = "/vdg.accounts.v1.AccountsQueryService/GetAccount"
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = one.channel.unary_unary(path)
        data = await call(encode(accounts.GetAccountRequest(address)))
        ours = decode(accounts.GetAccountResponse, data)
        stub = accounts_pb2_grpc.AccountsQueryServiceStub(one.channel)
        theirs = await stub.GetAccount(accounts_pb2.GetAccountRequest(address=address))
        assert theirs.SerializeToString() == data
        assert ours.account is not None
        assert ours.account.address == address


async def status_of(one: Client, path: str, data: bytes) -> tuple[str, grpc.StatusCode]:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, Any] = one.channel.unary_unary(path)
    try:
        await call(data)
    except grpc.aio.AioRpcError as error:
        return path, error.code()
    return path, grpc.StatusCode.OK


async def test_every_query_that_the_wire_knows_reaches_the_application(chain: ChainHost) -> None:
    paths = [f"/{service.full_name}/{method.name}" for service in query_services() for method in service.methods]
    assert len(paths) > 20
    async with served(chain.url) as one:
        statuses = await asyncio.gather(*(status_of(one, path, b"") for path in paths))
    # A chain has governance and control when its genesis asks for them, which this one's does not.
    off = {path for path, status in statuses if status is grpc.StatusCode.UNIMPLEMENTED}
    assert off == {path for path in paths if path.startswith(("/vdg.governance.", "/vdg.control."))}
    reached = {status for path, status in statuses if path not in off}
    assert reached <= {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}, statuses


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x05abc", b"\x0a\x00", b"\x58\x01"])
async def test_a_request_that_is_not_canonical_is_refused_with_the_reason(chain: ChainHost, data: bytes) -> None:
    async with served(chain.url) as one:
        path = "/vdg.accounts.v1.AccountsQueryService/GetAccount"
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = one.channel.unary_unary(path)
        with pytest.raises(grpc.aio.AioRpcError, match=r"/accounts/GetAccount: .*GetAccountRequest") as caught:
            await call(data)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_method_that_is_not_there_is_unimplemented(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        _, status = await status_of(one, "/vdg.accounts.v1.AccountsQueryService/GetNothing", b"")
        assert status is grpc.StatusCode.UNIMPLEMENTED


async def test_a_stored_value_is_read_raw(chain: ChainHost) -> None:
    address = chain.wallet().address
    async with served(chain.url) as one:
        answer = await one.store.Get(pb.GetRequest(store="accounts", key=b"unknown"))
        assert (answer.value, answer.height > 0) == (b"", True)
        with pytest.raises(grpc.aio.AioRpcError, match="give a store's name") as caught:
            await one.store.Get(pb.GetRequest(store="../x", key=address))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_status_is_the_chains(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        status = await one.status()
        assert (status.chain_id, status.catching_up, status.earliest_height) == (CHAIN_ID, False, 1)
        assert len(status.app_hash) == 32
