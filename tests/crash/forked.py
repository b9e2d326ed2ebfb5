"""A part of the work done in a child process that is killed on the way. Fork, as starting Python takes much longer."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from node import failpoint

FAILED = 99


class Life(NamedTuple):
    """How a child ended: the exit code as `subprocess` has it (0 done, -9 killed), and the point it was killed at."""

    exit_code: int
    point: str

    @property
    def killed(self) -> bool:
        """Whether it was killed, rather than done. Raises: RuntimeError when it failed (standard error says how)."""
        if self.exit_code not in (0, -signal.SIGKILL):
            raise RuntimeError(f"the child ended with exit code {self.exit_code}")
        return self.exit_code != 0


def in_child(work: Callable[[], None], *, kill_at: int | None = None, kill_after_seconds: float | None = None) -> Life:
    """Run ``work`` in a fork of this process, which is killed at its ``kill_at``-th point, or after a while."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if kill_at is not None:
                failpoint.set_action(_dying(kill_at, writing))
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, the fork must not go on as a second parent
            traceback.print_exc()
            os._exit(FAILED)
        os._exit(0)
    os.close(writing)
    if kill_after_seconds is not None:
        time.sleep(kill_after_seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with open(reading) as words:
        return Life(os.waitstatus_to_exitcode(status), words.read())


def _dying(at: int, last_words: int) -> Callable[[str], None]:
    left = at

    def action(point: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.write(last_words, point.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return action


class ForkedProcess:
    """A process forked from this one, with as much of `subprocess.Popen` as a campaign needs.

    What it runs is imported already, so that it starts in a tenth of the time: many more kills in an hour.
    """

    def __init__(self, run: Callable[[], int], folder: Path, log: Path) -> None:
        self.returncode: int | None = None
        with log.open("ab") as output:
            self.pid = os.fork()
            if self.pid == 0:
                try:
                    os.chdir(folder)
                    os.dup2(output.fileno(), 1)
                    os.dup2(output.fileno(), 2)
                    os._exit(run())
                except BaseException:  # noqa: BLE001 - whatever it is, the fork must not go on as a second parent
                    traceback.print_exc()
                    os._exit(FAILED)

    def poll(self) -> int | None:
        """The exit code once it has ended."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """The exit code. Raises: TimeoutError."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} does not end")
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)
