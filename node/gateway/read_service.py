"""Reads: the modules' typed queries, raw stored values, and the node's state."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import walk_packages
from typing import Final

import grpc
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor

import wire.gen.vdg
from node.cometbft.responses import QueryAnswer
from node.cometbft.rpc import RpcClient
from node.gateway.feed import BlockFeed
from node.gateway.methods import Call, Handler, Methods, service
from node.gateway.refusals import NODE_RETRY_MS, CallRefused
from node.gateway.upstreams import Upstreams
from wire.gen.tendermint.crypto import proof_pb2
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb
from wire.light.block import LightBlock
from wire.light.proto_form import light_block_to_proto

# The application's codes for queries it does not answer.
UNKNOWN_PATH: Final = 1
BAD_REQUEST: Final = 2
HEIGHT_UNAVAILABLE: Final = 3
# Trailing metadata: the height that a typed query was answered at.
HEIGHT_KEY: Final = "vdg-height"
_STATUS: Final = {
    BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    HEIGHT_UNAVAILABLE: grpc.StatusCode.OUT_OF_RANGE,
}
_STORE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


def query_services() -> list[ServiceDescriptor]:
    """Every `vdg.<module>.v1.<Module>QueryService` that the wire knows, in order of name."""
    found: dict[str, ServiceDescriptor] = {}
    for module in walk_packages(wire.gen.vdg.__path__, "wire.gen.vdg."):
        if module.name.endswith("_pb2"):
            file: FileDescriptor = import_module(module.name).DESCRIPTOR
            for name, descriptor in file.services_by_name.items():
                if name.endswith("QueryService"):
                    found[descriptor.full_name] = descriptor
    return [found[name] for name in sorted(found)]


class ReadService:
    """Asks the application through a node."""

    def __init__(self, upstreams: Upstreams, feed: BlockFeed) -> None:
        self._upstreams = upstreams
        self._feed = feed

    def query_handler(self, descriptor: ServiceDescriptor, methods: Methods) -> grpc.GenericRpcHandler:
        """A module's query service. Requests and answers pass through as bytes: both sides share one encoding."""
        _, module, _ = descriptor.file.package.split(".")
        handlers: dict[str, Handler] = {}
        for method in descriptor.methods:
            path = f"/{module}/{method.name}"

            async def query(data: bytes, call: Call, path: str = path) -> bytes:
                answer = await self._ask(path, data)
                call.tell(HEIGHT_KEY, str(answer.height))
                return answer.value

            handlers[method.name] = methods.unary(method.full_name, bytes, query)
        return service(descriptor.full_name, handlers)

    async def get(self, request: pb.GetRequest, _call: Call) -> bytes:
        """See StoreService.Get."""
        if not _STORE_NAME.fullmatch(request.store):
            text = f"store is {request.store!r}: give a store's name, as accounts or market"
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, text)
        answer = await self._ask(f"/store/{request.store}/key", request.key, request.height, request.prove)
        ops = [proof_pb2.ProofOp(type=op.type, key=op.key, data=op.data) for op in answer.proof_ops]
        response = pb.GetResponse(value=answer.value, height=answer.height)
        if ops:
            response.proof.CopyFrom(proof_pb2.ProofOps(ops=ops))
        return response.SerializeToString()

    async def light_block(self, request: pb.LightBlockRequest, _call: Call) -> bytes:
        """See LightService.LightBlock."""

        async def ask(client: RpcClient) -> LightBlock:
            return await client.light_block(request.height or None)

        block = light_block_to_proto(await self._upstreams.ask(ask))
        return pb.LightBlockResponse(light_block=block).SerializeToString()

    async def status(self, _request: pb.StatusRequest, _call: Call) -> bytes:
        """See NodeService.Status."""
        head, status = self._feed.head, self._feed.status
        if head is None or status is None:
            text = "this gateway has not seen a block yet: try again soon"
            raise CallRefused(grpc.StatusCode.UNAVAILABLE, text, retry_after_ms=NODE_RETRY_MS)
        return pb.StatusResponse(
            chain_id=head.chain_id,
            height=head.height,
            time_ns=head.time_ns,
            app_hash=head.app_hash,
            catching_up=status.catching_up,
            earliest_height=status.earliest_height,
        ).SerializeToString()

    async def _ask(self, path: str, data: bytes, height: int = 0, prove: bool = False) -> QueryAnswer:
        async def ask(client: RpcClient) -> QueryAnswer:
            return await client.abci_query(path, data, height=height, prove=prove)

        answer = await self._upstreams.ask(ask)
        if answer.code == UNKNOWN_PATH:
            raise CallRefused(grpc.StatusCode.UNIMPLEMENTED, f"the application has no query {path}: {answer.log}")
        if answer.code:
            raise CallRefused(_STATUS.get(answer.code, grpc.StatusCode.FAILED_PRECONDITION), f"{path}: {answer.log}")
        return answer
