"""Connections to gateways: plain on the loopback address, TLS or mutual TLS anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from clients.common.errors import ChainError

MAX_RESPONSE_BYTES: Final = 16 * 1024 * 1024

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
    # Find out that a gateway died without saying so, even while a stream is silent.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # A gateway that restarts is back in a second; gRPC's own pause grows to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Each channel has connections of its own, so that closing one leaves the others alone.
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True)
class Tls:
    """PEM files. `ca` checks the gateway (the system's authorities by default); the pair is for mutual TLS."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    # The name in the gateway's certificate where it is not the one that is dialled.
    server_name: str = ""


def open_channel(target: str, tls: Tls | None = None) -> grpc.aio.Channel:
    """A channel to `host:port`, or to several gateways of one chain, as `ipv4:10.0.0.1:7443,10.0.0.2:7443`.

    Raises:
        ChainError: a file of `tls` cannot be read, or only one of certificate and key is given.
    """
    if tls is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    if (tls.certificate is None) != (tls.key is None):
        raise ChainError("tls: give certificate and key, or neither")
    ca, key, certificate = (_read(path) for path in (tls.ca, tls.key, tls.certificate))
    credentials = grpc.ssl_channel_credentials(ca, key, certificate)
    named = (("grpc.ssl_target_name_override", tls.server_name),) if tls.server_name else ()
    return grpc.aio.secure_channel(target, credentials, options=(*_OPTIONS, *named))


def _read(path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        raise ChainError(f"tls: {path} cannot be read ({error.strerror}): give a PEM file") from error
