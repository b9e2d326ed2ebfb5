"""Submitting: one transaction, one result, however often it is sent."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from clients.common.wallet import Wallet
from node.cometbft.rpc import RpcClient
from tests.gateway.chain_host import BALANCE_NEUR, ChainHost
from tests.gateway.serving import Client, eventually, served
from tests.gateway.txs import SINK, signed, transfer
from wire import ledger
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.results import Code
from wire.tx import MAX_TX_BYTES, tx_hash

pytestmark = pytest.mark.network


async def test_a_transaction_is_answered_with_its_place_in_a_block(chain: ChainHost) -> None:
    async with served(chain.url) as one, RpcClient(chain.url) as rpc:
        tx = await transfer(one, chain.wallet())
        answer = await one.submit(tx)
        assert (answer.state, answer.code, answer.hash) == (pb.TX_STATE_IN_BLOCK, Code.OK, tx_hash(tx))
        block = await rpc.block(answer.height)
        assert block.txs[answer.index] == tx


async def test_the_same_bytes_get_the_same_answer_from_any_gateway(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        tx = await transfer(one, chain.wallet())
        first = await one.submit(tx)
        assert await one.submit(tx) == first
    # A gateway that was not there then knows it from the node.
    async with served(chain.url, memory={"recent_results": 1}) as other:
        assert await other.submit(tx) == first


async def test_the_same_bytes_sent_many_times_at_once_are_executed_once(chain: ChainHost) -> None:
    sender = chain.wallet()
    async with served(chain.url) as one, served(chain.url) as other:
        tx = await transfer(one, sender, amount_neur=5)
        answers = await asyncio.gather(*(gateway.submit(tx) for gateway in [one, other] * 10))
        assert len({answer.SerializeToString() for answer in answers}) == 1
        events = await one.tx.GetResult(pb.GetResultRequest(hash=tx_hash(tx)))
        assert [event.type for event in events.events] == ["vdg.ledger.v1.Moved"]


async def test_accepted_only_does_not_wait_for_the_block(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        tx = await transfer(one, chain.wallet())
        answer = await one.tx.Submit(pb.SubmitRequest(tx=tx, until=pb.UNTIL_ACCEPTED))
        assert (answer.state, answer.height) == (pb.TX_STATE_ACCEPTED, 0)

        async def in_block() -> bool:
            result = await one.tx.GetResult(pb.GetResultRequest(hash=answer.hash))
            return result.state == pb.TX_STATE_IN_BLOCK and len(result.events) == 1

        await eventually(in_block, "the transaction is in a block")


async def test_a_deadline_before_the_next_block_is_answered_as_accepted(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        tx = await accepted_at_its_deadline(one, chain.wallet())
        assert (await one.submit(tx)).state == pb.TX_STATE_IN_BLOCK


async def accepted_at_its_deadline(one: Client, sender: Wallet) -> bytes:
    """Submit with little time just after a block, again and again until the next one came too late."""
    for nonce in range(1, 100):
        tx = await transfer(one, sender, nonce)
        height = (await one.status()).height

        async def new_block(height: int = height) -> bool:
            return (await one.status()).height > height

        await eventually(new_block, "a block has just been made")
        try:
            answer = await one.submit(tx, timeout=0.1)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                raise
            # This machine is too busy to answer in that time.
            continue
        if answer.state == pb.TX_STATE_ACCEPTED:
            return tx
    raise AssertionError("every transaction was in a block within its short deadline")


async def refused(one: Client, tx: bytes) -> Code:
    answer = await one.submit(tx)
    assert (answer.state, answer.height) == (pb.TX_STATE_REFUSED, 0)
    assert answer.log.startswith(Code(answer.code).name)
    result = await one.tx.GetResult(pb.GetResultRequest(hash=tx_hash(tx)))
    assert result.state == pb.TX_STATE_UNKNOWN
    return Code(answer.code)


async def test_what_checktx_refuses_is_answered_at_once_with_its_code(chain: ChainHost) -> None:
    sender, message = chain.wallet(), ledger.Transfer(SINK.address, 1)
    async with served(chain.url) as one:
        now_s = await one.now_s()
        good = signed(sender, message, 1, now_s + 60)
        assert await refused(one, signed(sender, message, 1, now_s + 60, chain_id="other")) is Code.WRONG_CHAIN
        assert await refused(one, good[:-1] + bytes([good[-1] ^ 1])) is Code.BAD_SIGNATURE
        assert await refused(one, signed(sender, message, 1, now_s - 60)) is Code.EXPIRED
        assert await refused(one, signed(sender, message, 1, now_s + 10**6)) is Code.EXPIRY_TOO_FAR
        assert await refused(one, signed(sender, message, 1 << 40, now_s + 60)) is Code.NONCE_TOO_HIGH


async def test_another_transaction_with_a_used_nonce_is_refused(chain: ChainHost) -> None:
    sender = chain.wallet()
    async with served(chain.url) as one:
        await one.submit(await transfer(one, sender, amount_neur=1))
        assert await refused(one, await transfer(one, sender, amount_neur=2)) is Code.NONCE_USED


async def test_what_a_handler_refuses_is_in_a_block_with_its_code(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        answer = await one.submit(await transfer(one, chain.wallet(), amount_neur=BALANCE_NEUR + 1))
        assert (answer.state, answer.code) == (pb.TX_STATE_IN_BLOCK, Code.INSUFFICIENT_FUNDS)
        assert answer.height > 0


@pytest.mark.parametrize(
    ("tx", "code"),
    [
        (b"", Code.TX_MALFORMED),
        (b"\x00", Code.TX_MALFORMED),
        (b"\x0a\x05abc", Code.TX_MALFORMED),
        (b"\x0a\x01a", Code.TX_MALFORMED),
        (b"\x0a\x01a\x12\x01b\x1a\x01c", Code.TX_MALFORMED),
        (b"\x0a" * (MAX_TX_BYTES + 1), Code.TX_TOO_LARGE),
    ],
    ids=["empty", "tag 0", "cut off", "no signature", "unknown field", "too large"],
)
async def test_garbage_is_refused_before_any_node_sees_it(chain: ChainHost, tx: bytes, code: Code) -> None:
    async with served(chain.url) as one:
        assert await refused(one, tx) is code


async def test_a_hash_of_the_wrong_length_is_refused(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        with pytest.raises(grpc.aio.AioRpcError, match="hash has 3 bytes: give the 32") as caught:
            await one.tx.GetResult(pb.GetResultRequest(hash=b"abc"))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_bytes_that_are_no_request_are_refused(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = one.channel.unary_unary(
            "/vdg.gateway.v1.TxService/Submit"
        )
        with pytest.raises(grpc.aio.AioRpcError, match="no request of Submit") as caught:
            await call(b"\xff\xff\xff")
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
