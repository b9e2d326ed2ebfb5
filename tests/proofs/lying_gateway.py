"""A gateway between a client and the real state machine that lies when it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from node.gateway.read_service import query_services
from tests.app import world
from tests.proofs.proven_chain import ProvenChain
from wire.gen.tendermint.crypto import proof_pb2
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.light.client import BlockUnavailable
from wire.light.hashing import NANOSECONDS
from wire.light.proto_form import light_block_to_proto

Context = Any  # grpc.aio.ServicerContext takes parameters in its type stubs only


class LyingGateway:
    """Answers from a chain; each hook changes one kind of answer before it is sent."""

    def __init__(self, chain: ProvenChain) -> None:
        self.chain = chain
        self.address = ""
        self.item: Callable[[pb.GetRequest, pb.GetResponse], pb.GetResponse] = lambda _, answer: answer
        self.block: Callable[[pb.LightBlockResponse], pb.LightBlockResponse] = lambda answer: answer
        self.query: Callable[[str, bytes], bytes] = lambda _, answer: answer
        self.before_item: Callable[[], object] = lambda: None
        self.items_served = 0

    async def get(self, request: pb.GetRequest, context: Context) -> pb.GetResponse:
        self.before_item()
        self.items_served += 1
        result = self.chain.app.query(f"/store/{request.store}/key", request.key, request.height, request.prove)
        if result.code:
            await context.abort(grpc.StatusCode.OUT_OF_RANGE, result.message)
        ops = [proof_pb2.ProofOp(type=op.type, key=op.key, data=op.data) for op in result.proof]
        answer = pb.GetResponse(value=result.value, height=result.height, proof=proof_pb2.ProofOps(ops=ops))
        return self.item(request, answer)

    async def light_block(self, request: pb.LightBlockRequest, context: Context) -> pb.LightBlockResponse:
        try:
            block = await self.chain.light_block(request.height or self.chain.height)
        except BlockUnavailable as error:
            await context.abort(grpc.StatusCode.OUT_OF_RANGE, str(error))
            raise
        return self.block(pb.LightBlockResponse(light_block=light_block_to_proto(block)))

    async def status(self, _request: pb.StatusRequest, _context: Context) -> pb.StatusResponse:
        time_ns = self.chain.time_s * NANOSECONDS
        return pb.StatusResponse(chain_id=world.CHAIN_ID, height=self.chain.height, time_ns=time_ns)

    def typed(self, path: str) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def answer(data: bytes, _context: Context) -> bytes:
            return self.query(path, self.chain.app.query(path, data).value)

        return answer


@asynccontextmanager
async def lying_gateway(chain: ProvenChain) -> AsyncIterator[LyingGateway]:
    """Serve a chain on a port of the system's choice."""
    gateway = LyingGateway(chain)
    server = grpc.aio.server()
    own: dict[str, tuple[Callable[..., Any], Any]] = {
        "/vdg.gateway.v1.StoreService/Get": (gateway.get, pb.GetRequest.FromString),
        "/vdg.gateway.v1.LightService/LightBlock": (gateway.light_block, pb.LightBlockRequest.FromString),
        "/vdg.gateway.v1.NodeService/Status": (gateway.status, pb.StatusRequest.FromString),
    }
    for descriptor in query_services():
        module = descriptor.file.package.split(".")[1]
        for method in descriptor.methods:
            own[f"/{descriptor.full_name}/{method.name}"] = (gateway.typed(f"/{module}/{method.name}"), bytes)
    for path, (function, parse) in own.items():
        _, service, name = path.split("/")
        handler = grpc.unary_unary_rpc_method_handler(
            function, request_deserializer=parse, response_serializer=_serialized
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {name: handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    gateway.address = f"127.0.0.1:{port}"
    try:
        yield gateway
    finally:
        await server.stop(None)


def _serialized(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else bytes(answer.SerializeToString())
