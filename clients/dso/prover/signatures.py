"""The signing service as its clients see it."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

import grpc
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from clients.common.configuration import ConfigurationError, FilePath, HostPort, Section
from wire.flowproof import FlowStatement, flow_sign_bytes
from wire.gen.vdg.dso.v1 import signer_pb2, signer_pb2_grpc
from wire.gen.vdg.flowproof.v1 import flowproof_pb2

_TRANSIENT = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.CANCELLED,
    }
)


class ClientTls(Section):
    """PEM files: this client's certificate and key, and the authority that the service's certificate is from."""

    authority: FilePath
    certificate: FilePath
    key: FilePath


class SignerAddress(Section):
    """Where the signing service is. ``server_name``: the name in its certificate when it isn't the address's."""

    address: HostPort
    tls: ClientTls
    server_name: str | None = None


class SignerUnavailableError(Exception):
    """The signing service can't sign now; ask again later. The text says what it said."""


class SignerRefusedError(Exception):
    """The signing service refuses the call as a whole; asking again won't help. The text says what it said."""


class SigningRefusal(NamedTuple):
    """A statement that was not signed; ``signed`` is what was signed before, when that is the reason."""

    reason: str
    text: str
    signed: FlowStatement | None

    @property
    def retry(self) -> bool:
        """Whether the same statement may be signed later."""
        return self.reason == "SLOT_NOT_OVER"


class Signer:
    """A connection to the signing service; it reconnects by itself."""

    def __init__(self, address: SignerAddress, *, timeout_s: float = 10.0) -> None:
        """Prepare to connect. Raises: ConfigurationError when a certificate can't be read."""
        tls = address.tls
        try:
            credentials = grpc.ssl_channel_credentials(
                tls.authority.read_bytes(), tls.key.read_bytes(), tls.certificate.read_bytes()
            )
        except OSError as error:
            raise ConfigurationError(
                f"signer.tls: {error.filename} can't be read ({error.strerror}): make the files with `vdg dso pki`"
            ) from error
        options: list[tuple[str, str | int]] = [
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ]
        if address.server_name is not None:
            options.append(("grpc.ssl_target_name_override", address.server_name))
        self._channel = grpc.aio.secure_channel(address.address, credentials, options=options)
        self._stub = signer_pb2_grpc.SignerServiceStub(self._channel)
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def public_key(self) -> bytes:
        """The proof key, 32 bytes. Raises: SignerUnavailableError, SignerRefusedError."""
        try:
            reply = await self._stub.GetPublicKey(signer_pb2.GetPublicKeyRequest(), timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            raise _named(error) from error
        return bytes(reply.public_key)

    async def sign(self, statements: Sequence[FlowStatement], public_key: bytes) -> list[bytes | SigningRefusal]:
        """Have statements signed; for each, in order, the signature (64 bytes, verified) or the refusal.

        Raises: SignerUnavailableError, SignerRefusedError (also when a signature isn't ``public_key``'s).
        """
        request = signer_pb2.SignRequest(
            statements=[flowproof_pb2.FlowStatement(**statement._asdict()) for statement in statements]
        )
        try:
            reply = await self._stub.Sign(request, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            raise _named(error) from error
        verify_key = VerifyKey(public_key)
        if len(reply.results) != len(statements):
            raise SignerRefusedError(f"{len(statements)} statements got {len(reply.results)} answers")
        return [
            _outcome(statement, result, verify_key) for statement, result in zip(statements, reply.results, strict=True)
        ]


def _outcome(statement: FlowStatement, result: signer_pb2.SignResult, verify_key: VerifyKey) -> bytes | SigningRefusal:
    if result.WhichOneof("outcome") == "refusal":
        refusal = result.refusal
        reason = signer_pb2.RefusalReason.Name(refusal.reason).removeprefix("REFUSAL_REASON_")
        signed = refusal.signed
        return SigningRefusal(
            reason,
            f"{reason} {refusal.field} = {refusal.value}: {refusal.way_out}",
            FlowStatement(signed.chain_id, signed.vdg, signed.slot, signed.account, signed.flow_wh, signed.meter)
            if refusal.HasField("signed")
            else None,
        )
    try:
        verify_key.verify(flow_sign_bytes(statement), result.signature)
    except (BadSignatureError, ValueError) as error:
        raise SignerRefusedError(
            f"the signature for slot {statement.slot} of account {statement.account.hex()} isn't of the proof key"
            f" {bytes(verify_key).hex()}: the signer holds another key than the chain knows"
        ) from error
    return result.signature


def _named(error: grpc.aio.AioRpcError) -> SignerUnavailableError | SignerRefusedError:
    kind = SignerUnavailableError if error.code() in _TRANSIENT else SignerRefusedError
    return kind(f"the signing service says {error.code().name}: {error.details()}")
