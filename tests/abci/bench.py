"""CheckTx on one connection: `python -m tests.abci.bench [--seconds N] [--go]`.

Measures the server and the protocol, not an application: CheckTx has nothing to do. `--go` measures CometBFT's own
server (`abci-cli kvstore`) by the same client.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple

from node.abci import Application, run
from node.toolchain import binary
from tests.abci.daemon import Daemon, wait_until
from tests.abci.host import short_dir
from tests.abci.peer import FLUSH, Peer, check_tx, framed

TX = b"key=" + b"v" * 246
BATCH = 1_000
IN_FLIGHT = 2


class Figures(NamedTuple):
    pipelined_per_second: float
    one_by_one_per_second: float


def reply_bytes(address: str) -> int:
    """Return the size of a batch's replies, which is the same for every batch."""
    with Peer(address) as peer:
        checked, flushed = peer.ask(check_tx(TX)), FLUSH
    return BATCH * (1 + checked.ByteSize()) + 1 + flushed.ByteSize()


def receive_exactly(connection: socket.socket, size: int) -> None:
    while size:
        received = connection.recv(min(size, 1 << 20))
        if not received:
            raise EOFError("the server has closed the connection")
        size -= len(received)


def connected(address: str) -> socket.socket:
    if address.startswith("unix://"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address.removeprefix("unix://"))
        return connection
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    return socket.create_connection((host, int(port)))


def pipelined_per_second(address: str, seconds: float) -> float:
    """Keep two batches of a thousand requests and a flush each under way."""
    batch = framed(*[check_tx(TX)] * BATCH, FLUSH)
    size = reply_bytes(address)
    with connected(address) as connection:
        done, begin = 0, time.perf_counter()
        for _ in range(IN_FLIGHT):
            connection.sendall(batch)
        while (elapsed := time.perf_counter() - begin) < seconds:
            receive_exactly(connection, size)
            done += BATCH
            connection.sendall(batch)
    return done / elapsed


def one_by_one_per_second(address: str, seconds: float) -> float:
    """Send a request and a flush, wait for both replies, and so on: what a caller sees who waits each time."""
    one = framed(check_tx(TX), FLUSH)
    with Peer(address) as peer:
        size = 1 + peer.ask(check_tx(TX)).ByteSize() + 1 + FLUSH.ByteSize()
    with connected(address) as connection:
        done, begin = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begin) < seconds:
            connection.sendall(one)
            receive_exactly(connection, size)
            done += 1
    return done / elapsed


def measure(command: list[str], address: str, log: Path, seconds: float) -> Figures:
    with Daemon(command, log) as server:

        def listens() -> bool:
            if not server.running:
                raise RuntimeError(server.log)
            try:
                connected(address).close()
            except (ConnectionError, FileNotFoundError):
                return False
            return True

        wait_until(listens, f"somebody listened on {address}")
        return Figures(pipelined_per_second(address, seconds), one_by_one_per_second(address, seconds))


def command(name: str, address: str, folder: Path) -> list[str]:
    if name == "Go":
        return [str(binary("abci-cli")), "kvstore", "--address", address, "--persist", str(folder)]
    return [sys.executable, "-m", "tests.abci.bench", "--serve", address]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--go", action="store_true", help="measure CometBFT's own server beside ours")
    parser.add_argument("--serve", metavar="ADDRESS", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        run(Application(), arguments.serve)
        return
    print(f"CheckTx of {len(TX)} bytes per second on one connection")
    for scheme in ("unix", "tcp"):
        for name in ("ours", "Go") if arguments.go else ("ours",):
            with short_dir() as folder:
                address = f"unix://{folder}/a.sock" if scheme == "unix" else f"tcp://127.0.0.1:{free_port()}"
                figures = measure(command(name, address, folder), address, folder / "log", arguments.seconds)
            print(
                f"{name:5}{scheme:5} pipelined {figures.pipelined_per_second:10,.0f}"
                f"   one by one {figures.one_by_one_per_second:10,.0f}"
            )


if __name__ == "__main__":
    main()
