"""The signing service's process: everything is checked, then it serves until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from nacl.signing import SigningKey

from clients.common.configuration import ConfigurationError, read_configuration
from clients.dso.address_file import AddressFile
from clients.dso.signer.configuration import ServerTls, SignerConfiguration
from clients.dso.signer.key import create_key, load_key
from clients.dso.signer.meters import read_meters
from clients.dso.signer.policy import GridRules, Policy
from clients.dso.signer.quota import Quota
from clients.dso.signer.record import Record
from clients.dso.signer.service import SERVICE_NAME, SignerService
from clients.dso.signer.signing import Signing
from wire.gen.vdg.dso.v1 import signer_pb2_grpc

log = logging.getLogger(__name__)

_GRACE_SECONDS = 2.0
"""How long calls that are under way may take to finish when the service ends."""


def initialise(path: Path) -> bytes:
    """Make the record, and the keystore unless it is there; returns the public key (32 bytes).

    Raises: ConfigurationError, KeystoreError, RecordError (among others when the record exists).
    """
    configuration = read_configuration(path, SignerConfiguration)
    key = load_key(configuration) if configuration.keystore.exists() else create_key(configuration)
    Record.create(configuration.record, bytes(key.verify_key))
    return bytes(key.verify_key)


async def serve(path: Path) -> None:
    """Serve until a signal ends it.

    Raises: ConfigurationError, KeystoreError, RecordError before anything is served.
    """
    configuration = read_configuration(path, SignerConfiguration)
    policy = make_policy(configuration)
    credentials = server_credentials(configuration.tls)
    key = load_key(configuration)
    record = Record.open(configuration.record, bytes(key.verify_key))
    try:
        await _serve(configuration, policy, credentials, key, record)
    finally:
        record.close()


def make_policy(configuration: SignerConfiguration) -> Policy:
    """The rules that the file states.

    Raises: ConfigurationError when a list of meters can't be used.
    """
    grids = {
        (grid.chain_id, grid.vdg): GridRules(
            grid.clock,
            grid.max_flow_wh,
            grid.oldest_slots,
            read_meters(grid.meters_csv) if grid.meters_csv else None,
        )
        for grid in configuration.grids
    }
    return Policy(grids, configuration.clock_tolerance_s)


def server_credentials(tls: ServerTls) -> grpc.ServerCredentials:
    """Mutual TLS: clients without a certificate of the authority get no connection.

    Raises: ConfigurationError when a file can't be read.
    """
    try:
        authority, certificate, key = (path.read_bytes() for path in (tls.authority, tls.certificate, tls.key))
    except OSError as error:
        raise ConfigurationError(
            f"tls: {error.filename} can't be read ({error.strerror}): make the files with `vdg dso pki`"
        ) from error
    return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)


async def _serve(
    configuration: SignerConfiguration,
    policy: Policy,
    credentials: grpc.ServerCredentials,
    key: SigningKey,
    record: Record,
) -> None:
    limits = configuration.limits
    health = health_aio.HealthServicer()
    service = SignerService(
        Signing(key, policy, record),
        allowed_clients=configuration.allowed_clients,
        statements_per_call=limits.statements_per_call,
        quota=Quota(limits.statements_per_s, limits.burst_statements),
        health=health,
    )
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    signer_pb2_grpc.add_SignerServiceServicer_to_server(service, server)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    try:
        port = server.add_secure_port(configuration.listen, credentials)
    except RuntimeError as error:
        raise ConfigurationError(
            f"listen = {configuration.listen}: can't be listened on ({error}): another process may have the port,"
            " or tls.certificate and tls.key are not a pair of PEM files"
        ) from error
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await health.set(SERVICE_NAME, health_pb2.HealthCheckResponse.SERVING)
    await server.start()
    address = f"{configuration.listen.rpartition(':')[0]}:{port}"
    log.info("signing with the key %s on %s", bytes(key.verify_key).hex(), address)
    with AddressFile(configuration.address_file, address):
        await ended.wait()
    log.info("ending")
    await health.enter_graceful_shutdown()
    await server.stop(_GRACE_SECONDS)
    service.close()
