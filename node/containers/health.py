"""Whether a container's process does its work."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from node.containers.description import GATEWAY, ROOT, RPC_PORT, ServiceFile

TIMEOUT_SECONDS = 5.0


def check_validator() -> str:
    """What is wrong with the validator here, or nothing: CometBFT answers and is in step with the chain."""
    with urllib.request.urlopen(f"http://127.0.0.1:{RPC_PORT}/status", timeout=TIMEOUT_SECONDS) as response:
        status = json.load(response)["result"]["sync_info"]
    if status["catching_up"] or int(status["latest_block_height"]) < 1:
        return f"at height {status['latest_block_height']}, catching up"
    return ""


def check_gateway() -> str:
    """What is wrong with the gateway here, or nothing: it says itself that it serves (gRPC's health protocol)."""
    certificate = (ROOT / "gateway" / "gateway-ca.crt").read_bytes()
    with grpc.secure_channel(
        GATEWAY.replace("gateway", "localhost"), grpc.ssl_channel_credentials(certificate)
    ) as channel:
        asked = health_pb2_grpc.HealthStub(channel).Check(  # type: ignore[attr-defined]  # made when constructed
            health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS, wait_for_ready=True
        )
    serving = asked.status == health_pb2.HealthCheckResponse.SERVING
    return "" if serving else health_pb2.HealthCheckResponse.ServingStatus.Name(asked.status)


def check_port(address: str) -> str:
    """Nothing, when somebody listens here on the port of an address. Raises: OSError otherwise."""
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), TIMEOUT_SECONDS):
        return ""


def check_writes(service: str) -> str:
    """What is wrong with a service that writes to its folder as it works, or nothing."""
    limit = ServiceFile.model_validate_json(ServiceFile.path(service).read_bytes()).fresh_seconds
    newest = max(path.stat().st_mtime for path in written(ROOT / service))
    age = time.time() - newest
    return f"nothing written for {age:.0f} s" if age > limit else ""


def written(folder: Path) -> list[Path]:
    """The files of a folder and those below."""
    return [path for path in folder.rglob("*") if path.is_file()]
