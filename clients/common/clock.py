"""The chain's time, which expiries are measured in."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import grpc

from clients.common.errors import WrongChain
from clients.common.retry import Backoff
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.gen.vdg.gateway.v1.gateway_pb2_grpc import NodeServiceStub

REFRESH_SECONDS: Final = 60.0
CALL_SECONDS: Final = 5.0
# Block time is the validators' clocks', but an idle chain's last block may be this old. Within it, this machine's
# clock is the better guess.
AGREEING_SECONDS: Final = 600
SECOND_BLOCK_POLL_SECONDS: Final = 0.1
NANOSECONDS: Final = 1_000_000_000


class ChainClock:
    """What a gateway says about its chain, asked for again now and then."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NodeServiceStub(channel)
        self._block_time_s = 0
        self._asked_at = float("-inf")
        self.chain_id = ""

    async def status(self) -> pb.StatusResponse:
        """The gateway's last block; tries until a gateway answers.

        Raises:
            WrongChain: it is another chain than before.
            GatewayError: the gateway refuses for good.
        """
        backoff = Backoff()
        while True:
            try:
                status: pb.StatusResponse = await self._stub.Status(pb.StatusRequest(), timeout=CALL_SECONDS)
                break
            except grpc.aio.AioRpcError as error:
                await backoff.pause(error)
        if self.chain_id and status.chain_id != self.chain_id:
            raise WrongChain(f"the gateway serves chain {status.chain_id!r}, not {self.chain_id!r}")
        self.chain_id = status.chain_id
        # The first block has the time of the genesis document, which may be any.
        if status.height > 1:
            self._block_time_s, self._asked_at = status.time_ns // NANOSECONDS, time.monotonic()
        return status

    async def block_time_s(self) -> int:
        """The time of the last block in Unix seconds; raises as `status`."""
        return (await self.status()).time_ns // NANOSECONDS

    async def now_s(self) -> int:
        """About the time of the next block in Unix seconds: this machine's clock, or the chain's if they disagree."""
        while time.monotonic() - self._asked_at > REFRESH_SECONDS and (await self.status()).height < 2:
            await asyncio.sleep(SECOND_BLOCK_POLL_SECONDS)
        chain_s = self._block_time_s + int(time.monotonic() - self._asked_at)
        here_s = int(time.time())
        return here_s if abs(here_s - chain_s) <= AGREEING_SECONDS else chain_s
