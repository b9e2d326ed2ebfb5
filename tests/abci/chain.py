"""A chain of one real CometBFT node with the example application."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

from node.toolchain import binary
from tests.abci.daemon import Daemon, kvstore, wait_until


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Chain:
    """Its home, and how to start either side. The RPC is a unix socket, so that no ports are needed."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder
        self.state = folder / "state.json"
        self._cometbft = str(binary("cometbft", version))
        self._home = folder / "home"
        self._address = f"unix://{folder}/app.sock"
        self._rpc = folder / "rpc.sock"
        subprocess.run([self._cometbft, "init", "--home", self._home], check=True, capture_output=True)
        config = self._home / "config" / "config.toml"
        config.write_text(re.sub('timeout_commit = ".*"', 'timeout_commit = "20ms"', config.read_text()))

    def app(self, *options: str) -> Daemon:
        return kvstore(self._address, self.folder, *options)

    def node(self) -> Daemon:
        self._rpc.unlink(missing_ok=True)
        (self.folder / "node.log").unlink(missing_ok=True)
        options = [
            f"--proxy_app={self._address}",
            f"--rpc.laddr=unix://{self._rpc}",
            "--p2p.laddr=tcp://127.0.0.1:0",
            "--consensus.create_empty_blocks=false",
        ]
        command = [self._cometbft, "start", f"--home={self._home}", *options]
        return Daemon(command, self.folder / "node.log")

    def running_node(self) -> Daemon:
        """Start a node and wait until its RPC answers."""
        node = self.node()

        def answers() -> bool:
            if not node.running:
                raise RuntimeError(f"the node has ended:\n{node.log}")
            try:
                self.call("health")
            except (ConnectionError, FileNotFoundError):
                return False
            return True

        wait_until(answers, "the RPC answered")
        return node

    def call(self, method: str, **params: object) -> Any:
        """Call the node's JSON-RPC; return `result`."""
        connection = _UnixConnection(self._rpc)
        try:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            reply = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    def commit_tx(self, tx: str) -> int:
        """Have a transaction committed; return its height."""
        result = self.call("broadcast_tx_commit", tx=base64.b64encode(tx.encode()).decode())
        if result["check_tx"]["code"] or result["tx_result"]["code"]:
            raise RuntimeError(f"{tx} was refused: {result}")
        return int(result["height"])

    def value(self, key: str) -> str:
        """Read the application's state through the node; empty when there is no such key."""
        response = self.call("abci_query", data=key.encode().hex())["response"]
        return base64.b64decode(response["value"] or "").decode()

    def app_state(self) -> tuple[int, str]:
        """Return the height and the app hash, in hex, that the application reports."""
        response = self.call("abci_info")["response"]
        app_hash = base64.b64decode(response.get("last_block_app_hash", ""))
        return int(response.get("last_block_height", 0)), app_hash.hex()

    def header_app_hash(self, height: int) -> str:
        """Return the app hash that validators signed after this height, once they have."""

        def signed() -> bool:
            return int(self.call("status")["sync_info"]["latest_block_height"]) > height

        wait_until(signed, f"height {height + 1} was signed")
        return str(self.call("header", height=str(height + 1))["header"]["app_hash"]).lower()
