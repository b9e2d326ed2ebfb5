"""A process under test: its log, its signals, its exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

DEADLINE_SECONDS = 60.0
ORPHAN_SECONDS = 10.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as the condition holds.

    Raises:
        TimeoutError: it did not within the deadline.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(0.01)


class Daemon:
    """Started at once, killed at the latest when the context ends."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, text: str) -> None:
        """Wait until the log contains this.

        Raises:
            RuntimeError: the process ended without it.
            TimeoutError: it did not say so in time.
        """

        def said() -> bool:
            ended = not self.running
            if text in self.log:
                return True
            if ended:
                raise RuntimeError(f"ended without saying {text!r}:\n{self.log}")
            return False

        wait_until(said, f"the log said {text!r}")

    def send(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def exit_code(self) -> int:
        """Wait for the end."""
        return self._process.wait(DEADLINE_SECONDS)

    def end_orphaned_node(self) -> None:
        """Wait until a CometBFT node that lost its application stops, as a supervisor has to.

        Its socket client may queue a request after it was stopped; then its consensus waits for that reply for ever
        (seen about once in 300 times), and only SIGKILL helps.
        """
        self.wait_for("Did the application crash? Please restart CometBFT")
        self.wait_for("Stopping Node")
        try:
            self._process.wait(ORPHAN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.running:
            self._process.kill()
        self._process.wait()


def kvstore(address: str, folder: Path, *options: str) -> Daemon:
    """Serve the example application from a process of its own; return when it listens."""
    command = [sys.executable, "-m", "tests.abci.kvstore", address, str(folder / "state.json"), *options]
    log = folder / "app.log"
    log.unlink(missing_ok=True)
    daemon = Daemon(command, log)
    daemon.wait_for("listening on ")
    return daemon
