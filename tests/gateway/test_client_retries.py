"""What the client makes of answers that a healthy chain never gives."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from clients.common.chain import Chain
from clients.common.errors import ChainError, Expired, GatewayError, Refused
from clients.common.wallet import Wallet
from node.gateway.refusals import RETRY_KEY
from tests.gateway.scripted_gateway import Failure, Script, scripted
from wire import ledger
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.results import Code

SENDER = Wallet.from_seed(b"s" * 32)
PAYMENT = ledger.Transfer(b"t" * 20, 1)

IN_BLOCK = pb.SubmitResponse(state=pb.TX_STATE_IN_BLOCK, height=7, index=3)
ACCEPTED = pb.SubmitResponse(state=pb.TX_STATE_ACCEPTED)
UNAVAILABLE = Failure(grpc.StatusCode.UNAVAILABLE)


def refusal(code: Code) -> pb.SubmitResponse:
    return pb.SubmitResponse(state=pb.TX_STATE_REFUSED, code=code, log=f"{code.name}: as scripted")


async def sent(script: Script, state: Path | None = None) -> tuple[int, int]:
    async with scripted(script) as address, await Chain.open(address, state=state) as chain:
        receipt = await chain.submit(SENDER, PAYMENT)
        return receipt.height, receipt.place


async def test_the_same_bytes_are_sent_until_there_is_a_result() -> None:
    script = Script([UNAVAILABLE, ACCEPTED, Failure(grpc.StatusCode.DEADLINE_EXCEEDED), ACCEPTED, IN_BLOCK])
    assert await sent(script) == (7, 3)
    assert len(script.received) == 5
    assert len(set(script.received)) == 1


async def test_a_full_quota_passes() -> None:
    assert await sent(Script([refusal(Code.QUOTA_EXCEEDED), IN_BLOCK])) == (7, 3)


async def test_a_refusal_of_the_first_copy_is_final() -> None:
    script = Script([refusal(Code.SENDER_FROZEN), IN_BLOCK])
    with pytest.raises(Refused, match="SENDER_FROZEN: as scripted"):
        await sent(script)
    assert len(script.received) == 1


async def test_a_refusal_is_not_final_while_an_earlier_copy_may_be_executed() -> None:
    assert await sent(Script([UNAVAILABLE, refusal(Code.SENDER_FROZEN), IN_BLOCK])) == (7, 3)
    assert await sent(Script([ACCEPTED, refusal(Code.BAD_SIGNATURE), IN_BLOCK])) == (7, 3)


async def test_expiry_is_final_for_every_copy() -> None:
    with pytest.raises(Expired):
        await sent(Script([UNAVAILABLE, refusal(Code.EXPIRED), IN_BLOCK]))


async def test_a_node_that_holds_a_transaction_for_ever_does_not_hold_its_sender() -> None:
    script = Script([ACCEPTED])
    async with scripted(script) as address, await Chain.open(address) as chain:
        with pytest.raises(Expired, match="block time is later, and no block has it"):
            # The script's block time stands still while this machine's clock, which expiry follows, goes on.
            await chain.submit(SENDER, PAYMENT, expires_in_s=-300)
    assert len(script.received) == 2


async def test_the_pause_that_a_gateway_asks_for_is_kept() -> None:
    script = Script([Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, ((RETRY_KEY, "600"),)), IN_BLOCK])
    await sent(script)
    assert script.received_at[1] - script.received_at[0] >= 0.6


async def test_a_failure_that_does_not_pass_is_told_and_the_next_process_tries_again(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    first = Script([Failure(grpc.StatusCode.PERMISSION_DENIED)])
    with pytest.raises(GatewayError, match="PERMISSION_DENIED"):
        await sent(first, state)
    second = Script([IN_BLOCK])
    async with scripted(second) as address, await Chain.open(address, state=state) as chain:
        receipt = await chain.submit(SENDER, PAYMENT)
        assert receipt.height == 7
    # The one that was left, and the new one.
    assert second.received[0] == first.received[0]
    assert len(set(second.received)) == 2


async def test_a_code_of_a_newer_version_is_no_silent_success() -> None:
    with pytest.raises(ChainError, match="result code 9999 is unknown"):
        await sent(Script([pb.SubmitResponse(state=pb.TX_STATE_IN_BLOCK, height=7, code=9999)]))


async def test_a_clock_far_from_this_machines_is_followed() -> None:
    script = Script([IN_BLOCK], block_time_s=1_000_000_000)
    async with scripted(script) as address, await Chain.open(address) as chain:
        assert 0 <= await chain.now_s() - 1_000_000_000 <= 10
