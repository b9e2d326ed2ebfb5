"""The gRPC face of the signing service."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health_aio

from clients.dso.signer.policy import Refusal
from clients.dso.signer.quota import Quota
from clients.dso.signer.record import RecordError
from clients.dso.signer.signing import Signing
from wire.flowproof import FlowStatement
from wire.gen.vdg.dso.v1 import signer_pb2, signer_pb2_grpc
from wire.gen.vdg.flowproof.v1 import flowproof_pb2

log = logging.getLogger(__name__)

SERVICE_NAME = "vdg.dso.v1.SignerService"

_Serving = health_pb2.HealthCheckResponse
_Context = grpc.aio.ServicerContext[Any, Any]


class SignerService(signer_pb2_grpc.SignerServiceServicer):
    """Lets in the clients on the list, holds their quotas, and signs off the event loop, one batch at a time."""

    def __init__(
        self,
        signing: Signing,
        *,
        allowed_clients: Collection[str],
        statements_per_call: int,
        quota: Quota,
        health: health_aio.HealthServicer,
    ) -> None:
        self._signing = signing
        self._allowed_clients = frozenset(allowed_clients)
        self._statements_per_call = statements_per_call
        self._quota = quota
        self._health = health
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="signing")

    async def Sign(  # noqa: N802 - gRPC's name
        self,
        request: signer_pb2.SignRequest,
        context: _Context,
    ) -> signer_pb2.SignResponse:
        """Sign or refuse each statement; see signer.proto for the statuses of the call."""
        client = await self._client(context)
        count = len(request.statements)
        if not 0 < count <= self._statements_per_call:
            await _abort(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                f"statements has {count} entries: send 1 to {self._statements_per_call} a call",
            )
        wait_s = self._quota.take(client, count)
        if wait_s:
            await _abort(
                context,
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"client {client} asks for more statements a second than it may: wait {wait_s:.3f} s",
            )
        statements = [_statement(message) for message in request.statements]
        loop = asyncio.get_running_loop()
        try:
            outcomes = await loop.run_in_executor(self._worker, self._signing.sign, statements, time.time())
        except RecordError as error:
            log.critical("%s", error)
            await self._health.set(SERVICE_NAME, _Serving.NOT_SERVING)
            await _abort(context, grpc.StatusCode.FAILED_PRECONDITION, str(error))
        await self._health.set(SERVICE_NAME, _Serving.SERVING)
        for outcome in outcomes:
            if isinstance(outcome, Refusal):
                log.warning("refused for %s: %s", client, outcome)
        return signer_pb2.SignResponse(results=[_result(outcome) for outcome in outcomes])

    async def GetPublicKey(  # noqa: N802 - gRPC's name
        self,
        request: signer_pb2.GetPublicKeyRequest,  # noqa: ARG002 - it is empty
        context: _Context,
    ) -> signer_pb2.GetPublicKeyResponse:
        """The proof key's public half."""
        await self._client(context)
        return signer_pb2.GetPublicKeyResponse(public_key=self._signing.public_key)

    def close(self) -> None:
        """Wait for the batch at work, if any."""
        self._worker.shutdown()

    async def _client(self, context: _Context) -> str:
        names = [name.decode() for name in context.auth_context().get("x509_common_name", ())]
        for name in names:
            if name in self._allowed_clients:
                return name
        await _abort(
            context,
            grpc.StatusCode.PERMISSION_DENIED,
            f"the client certificate's common name {', '.join(names) or '(none)'} is not in allowed_clients: use a"
            " listed certificate or add the name to the signer's file",
        )


async def _abort(context: _Context, code: grpc.StatusCode, details: str) -> NoReturn:
    log.warning("%s to %s: %s", code.name, context.peer(), details)
    await context.abort(code, details)


def _statement(message: flowproof_pb2.FlowStatement) -> FlowStatement:
    return FlowStatement(message.chain_id, message.vdg, message.slot, message.account, message.flow_wh, message.meter)


def _result(outcome: bytes | Refusal) -> signer_pb2.SignResult:
    if isinstance(outcome, bytes):
        return signer_pb2.SignResult(signature=outcome)
    refusal = signer_pb2.Refusal(
        reason=signer_pb2.RefusalReason.ValueType(outcome.reason),
        field=outcome.field,
        value=outcome.value,
        way_out=outcome.way_out,
    )
    if outcome.signed is not None:
        refusal.signed.CopyFrom(flowproof_pb2.FlowStatement(**outcome.signed._asdict()))
    return signer_pb2.SignResult(refusal=refusal)
