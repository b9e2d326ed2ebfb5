"""CometBFT's JSON-RPC over a unix socket, so that no port is needed."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any


class RpcGone(Exception):
    """Nobody answers there, or not to the end."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = os.path.relpath(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def call(path: Path, method: str, /, **params: object) -> Any:
    """The result of a call. Raises: RpcGone; RuntimeError for an error that was answered."""
    connection = _Connection(path)
    try:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        reply = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
        raise RpcGone(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if "error" in reply:
        raise RuntimeError(f"{method}: {reply['error']}")
    return reply["result"]
