"""Health and reflection, as load balancers and people with grpcurl use them."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from node.gateway.read_service import query_services
from tests.gateway.chain_host import ChainHost
from tests.gateway.relay import Relay
from tests.gateway.serving import Client, client, eventually, gateway, served

pytestmark = pytest.mark.network

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health(one: Client, service: str = "") -> int:
    check: grpc.aio.UnaryUnaryMultiCallable[Message, health_pb2.HealthCheckResponse] = one.channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )
    return int((await check(health_pb2.HealthCheckRequest(service=service))).status)


async def test_a_gateway_in_step_with_its_chain_serves(chain: ChainHost) -> None:
    async with served(chain.url) as one:

        async def serving() -> bool:
            return await health(one) == SERVING

        await eventually(serving, "the gateway serves")
        assert await health(one, "vdg.gateway.v1.TxService") == SERVING
        assert await health(one, "vdg.market.v1.MarketQueryService") == SERVING


async def test_a_gateway_without_its_node_does_not_serve_until_the_node_is_back(chain: ChainHost) -> None:
    async with Relay(chain.url) as relay, gateway(relay.url) as (_, address), client(address) as one:

        async def is_now(status: int) -> bool:
            return await health(one) == status

        await eventually(lambda: is_now(SERVING), "it serves")
        relay.refuse(True)
        relay.cut()
        await eventually(lambda: is_now(NOT_SERVING), "it does not serve")
        relay.refuse(False)
        await eventually(lambda: is_now(SERVING), "it serves again")


async def test_reflection_names_every_service(chain: ChainHost) -> None:
    async with served(chain.url) as one:
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        ask: grpc.aio.StreamStreamMultiCallable[Message, reflection_pb2.ServerReflectionResponse]
        ask = one.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            reflection_pb2.ServerReflectionRequest.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString,
        )
        answer = await ask(iter([request])).read()
        assert isinstance(answer, reflection_pb2.ServerReflectionResponse)
        names = {service.name for service in answer.list_services_response.service}
        own = {f"vdg.gateway.v1.{name}" for name in ("TxService", "EventService", "NodeService", "StoreService")}
        assert names >= own | {"grpc.health.v1.Health"} | {service.full_name for service in query_services()}
