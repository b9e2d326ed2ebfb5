"""A real chain behind a real gateway, and the command as users run it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.common.wallet import Wallet
from tests.gateway.chain_host import DEADLINE_SECONDS, hosted_chain, wallet
from tests.gateway.serving import GatewayProcess
from wire.keystore import Kdf, create

PASSPHRASE = "of tests only"
# Weak on purpose: a test need not wait for a key.
KDF = Kdf(iterations=1, lanes=1, memory_kib=8)


class Commands:
    """Runs `vdg` against the gateway, with a folder of keys whose accounts have money."""

    def __init__(self, gateway: str, folder: Path) -> None:
        self.gateway = gateway
        self.keys = folder / "keys"
        self._unused = itertools.count(1)

    def account(self, name: str) -> Wallet:
        """A funded account whose key is in the folder under this name."""
        number = next(self._unused)
        create(self.keys / f"{name}.json", PASSPHRASE, seed=number.to_bytes(32, "big"), kdf=KDF)
        return wallet(number)

    def run(self, *arguments: str, gateway: str | None = None) -> subprocess.CompletedProcess[str]:
        """The command and how it ended."""
        environment = {
            **os.environ,
            "VDG_GATEWAY": gateway or self.gateway,
            "VDG_KEYS": str(self.keys),
            "VDG_PASSPHRASE": PASSPHRASE,
            "COLUMNS": "200",
        }
        command = [sys.executable, "-m", "node.cli.main", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=DEADLINE_SECONDS, check=False
        )

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What a command prints with --json, once it ended with this exit code."""
        done = self.run(*arguments, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """One validator and one gateway for all tests of a worker."""
    with hosted_chain() as chain, tempfile.TemporaryDirectory(prefix="cmd", dir="/tmp") as folder:
        gateway = GatewayProcess(Path(folder), chain.url)
        asyncio.run(gateway.start())
        try:
            yield Commands(gateway.target, Path(folder))
        finally:
            gateway.terminate()
