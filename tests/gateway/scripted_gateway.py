"""A gRPC server that answers as a test's script says: for what a healthy chain never says."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import methodcaller
from typing import Any

import grpc

from wire.gen.vdg.accounts.v1 import accounts_pb2
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb

CHAIN_ID = "scripted"
Context = Any  # grpc.aio.ServicerContext takes parameters in its type stubs only


@dataclass
class Failure:
    """A status instead of an answer."""

    status: grpc.StatusCode
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass
class Script:
    """What is answered in turn, the last answer over and over; and what came."""

    answers: Sequence[pb.SubmitResponse | Failure]
    block_time_s: int = field(default_factory=lambda: int(time.time()))
    received: list[bytes] = field(default_factory=list)
    received_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = deque(self.answers)

    def next_answer(self) -> pb.SubmitResponse | Failure:
        return self._left.popleft() if len(self._left) > 1 else self._left[0]


async def submit(script: Script, request: pb.SubmitRequest, context: Context) -> pb.SubmitResponse:
    script.received.append(request.tx)
    script.received_at.append(asyncio.get_running_loop().time())
    answer = script.next_answer()
    if isinstance(answer, Failure):
        await context.abort(answer.status, "as scripted", answer.metadata)
        raise RuntimeError("abort does not return")
    return answer


async def status(script: Script, _request: pb.StatusRequest, _context: Context) -> pb.StatusResponse:
    return pb.StatusResponse(chain_id=CHAIN_ID, height=9, time_ns=script.block_time_s * 1_000_000_000)


async def account(_script: Script, _request: object, _context: Context) -> accounts_pb2.GetAccountResponse:
    return accounts_pb2.GetAccountResponse()


METHODS: dict[str, tuple[Callable[..., Any], Any]] = {
    "/vdg.gateway.v1.TxService/Submit": (submit, pb.SubmitRequest),
    "/vdg.gateway.v1.NodeService/Status": (status, pb.StatusRequest),
    "/vdg.accounts.v1.AccountsQueryService/GetAccount": (account, accounts_pb2.GetAccountRequest),
}


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[str]:
    """Serve a script; the address."""
    server = grpc.aio.server()
    for path, (function, request_type) in METHODS.items():
        _, service, method = path.split("/")
        handler = grpc.unary_unary_rpc_method_handler(
            partial(function, script),
            request_deserializer=request_type.FromString,
            response_serializer=methodcaller("SerializeToString"),
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
