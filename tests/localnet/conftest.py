"""Short folders for localnets, and what is left of one when it has ended."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import SOCKET, Application
from node.toolchain import binary

DEADLINE_SECONDS = 60.0
FAST = Settings(timeout_commit_ms=50)


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vdg") as folder:
        yield Path(folder).resolve() / "net"


@pytest.fixture
def pairs(home: Path) -> Localnet:
    """Four validators, each a pair of processes: Go's key-value store on a socket, and CometBFT."""
    store = str(binary("abci-cli"))
    application = Application.of_command(store, "kvstore", "--address", f"unix://{SOCKET}", "--persist", "store")
    net = Localnet.create(home, chain_id="pairs", application=application, settings=FAST)
    net.write_genesis({})
    return net


def processes_in(home: Path) -> list[psutil.Process]:
    """Every live process that works in a localnet's folder or was started with it."""
    found = []
    for process in psutil.process_iter():
        try:
            # A zombie is only a line that nobody has read yet.
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if Path(process.cwd()).is_relative_to(home) or str(home) in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds.

    Raises:
        TimeoutError: it does not within the deadline.
    """
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)
