"""Starts a command so that it ends when its supervisor ends, however that happens.

Run as `python -I -S launch.py SUPERVISOR_PID COMMAND...`; it becomes the command. A process of its own rather
than a `preexec_fn`, because that would run Python between fork and exec of a supervisor that may have threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(supervisor_pid: int, command: list[str]) -> None:
    """Ask the kernel to kill this process with its parent, then become the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor_pid:
        # The supervisor ended before the kernel was asked.
        sys.exit("the supervisor has gone")
    try:
        os.execvp(command[0], command)  # noqa: S606 - the command is the supervisor's own, and no shell is the point
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
