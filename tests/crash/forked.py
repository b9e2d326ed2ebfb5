"""A part of the work done in a child process that is killed on the way. Fork, as starting Python takes much longer."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable
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
