"""The gateway, put together from its parts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from node.cometbft.rpc import RpcClient
from node.gateway.configuration import Configuration, ConfigurationError, Tls
from node.gateway.event_service import EventService
from node.gateway.feed import BlockFeed
from node.gateway.health import Health
from node.gateway.history import History
from node.gateway.methods import Methods, service
from node.gateway.rate_limit import CallRate, StreamCount
from node.gateway.read_service import ReadService, query_services
from node.gateway.recent_results import RecentResults
from node.gateway.submission import Submission
from node.gateway.tx_service import TxService
from node.gateway.upstreams import Upstreams
from wire.gen.vdg.gateway.v1 import gateway_pb2 as pb

log = logging.getLogger(__name__)

PACKAGE: Final = "vdg.gateway.v1"
MAX_RESPONSE_BYTES: Final = 4 * 1024 * 1024


class Gateway:
    """A gateway by its settings: `start`, then `wait` or whatever else, then `stop`."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        memory, limits = configuration.memory, configuration.limits
        timeout_seconds = configuration.node_timeout_seconds
        self._upstreams = Upstreams([RpcClient(url, timeout_seconds=timeout_seconds) for url in configuration.nodes])
        self._history = History(self._upstreams, max_bytes=memory.cache_bytes, max_fetches=memory.fetches)
        self._results = RecentResults(memory.recent_results)
        self.feed = BlockFeed(
            self._upstreams, self._history, [self._results.add], stall_seconds=configuration.stall_seconds
        )
        self._streams = StreamCount(limits.streams, limits.streams_per_peer)
        rate = CallRate(limits.calls_per_second, limits.burst)
        self._methods = Methods(rate, self._streams, max_call_seconds=limits.max_call_seconds)
        self._server: grpc.aio.Server | None = None
        self._health: Health | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen and follow the chain; the address, with the port that was taken.

        Raises:
            ConfigurationError: the address cannot be listened on, or the certificates cannot be used.
        """
        configuration = self._configuration
        server = self._server = grpc.aio.server(options=channel_options(configuration))
        names = self._add_services(server)
        self._health = Health(self.feed, names)
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, server)
        names += [health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, server)
        address = listen(server, configuration)
        await server.start()
        self._task = asyncio.create_task(self._run())
        log.info("listening", extra={"address": address, "tls": configuration.tls is not None})
        return address

    async def wait(self) -> None:
        """Return when the gateway is stopped; raises what ended it otherwise."""
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Take no more calls, end streams, give calls under way their time, and close everything."""
        if self._health is not None:
            await self._health.end()
        self.feed.end()
        if self._server is not None:
            await self._server.stop(self._configuration.shutdown_seconds)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._history.close()
        await self._upstreams.close()
        log.info("stopped")

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.feed.run())
            if self._health is not None:
                tasks.create_task(self._health.run())

    def _add_services(self, server: grpc.aio.Server) -> list[str]:
        methods = self._methods
        submission = Submission(self._upstreams, self.feed, self._results)
        tx, events = TxService(submission, self._history), EventService(self.feed, self._history)
        reads = ReadService(self._upstreams, self.feed)
        own: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]] = {
            "TxService": {
                "Submit": methods.unary("Submit", pb.SubmitRequest.FromString, tx.submit),
                "GetResult": methods.unary("GetResult", pb.GetResultRequest.FromString, tx.get_result),
            },
            "EventService": {
                "Stream": methods.streaming("Stream", pb.StreamRequest.FromString, events.stream),
                "StreamResults": methods.streaming(
                    "StreamResults", pb.StreamResultsRequest.FromString, events.stream_results
                ),
            },
            "NodeService": {"Status": methods.unary("Status", pb.StatusRequest.FromString, reads.status)},
            "StoreService": {"Get": methods.unary("Get", pb.GetRequest.FromString, reads.get)},
            "LightService": {
                "LightBlock": methods.unary("LightBlock", pb.LightBlockRequest.FromString, reads.light_block)
            },
        }
        handlers = [service(f"{PACKAGE}.{name}", members) for name, members in own.items()]
        queries = query_services()
        handlers += [reads.query_handler(descriptor, methods) for descriptor in queries]
        server.add_generic_rpc_handlers(handlers)
        return [f"{PACKAGE}.{name}" for name in own] + [descriptor.full_name for descriptor in queries]


def channel_options(configuration: Configuration) -> list[tuple[str, int]]:
    """gRPC's own limits; pings find peers that died without saying so."""
    limits = configuration.limits
    return [
        ("grpc.max_receive_message_length", limits.max_request_bytes),
        ("grpc.max_send_message_length", MAX_RESPONSE_BYTES),
        ("grpc.max_concurrent_streams", limits.calls_per_connection),
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


def listen(server: grpc.aio.Server, configuration: Configuration) -> str:
    """Bind; the address with its port.

    Raises:
        ConfigurationError: naming the setting that is to be changed.
    """
    asked = configuration.listen
    try:
        if configuration.tls is None:
            port = server.add_insecure_port(asked)
        else:
            port = server.add_secure_port(asked, server_credentials(configuration.tls))
    except RuntimeError as error:
        reason = f"listen = {asked!r}: cannot be listened on; is it in use, or the TLS key broken? ({error})"
        raise ConfigurationError("gateway", [reason]) from error
    return asked if asked.startswith("unix:") else f"{asked.rpartition(':')[0]}:{port}"


def server_credentials(tls: Tls) -> grpc.ServerCredentials:
    """TLS, or mutual TLS where a client CA is set.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    try:
        pair = (Path(tls.key).read_bytes(), Path(tls.certificate).read_bytes())
        client_ca = Path(tls.client_ca).read_bytes() if tls.client_ca else None
    except OSError as error:
        raise ConfigurationError("tls", [f"{error.filename}: cannot be read: {error.strerror}"]) from error
    return grpc.ssl_server_credentials([pair], client_ca, require_client_auth=client_ca is not None)
