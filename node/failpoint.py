"""Points at which a process can be made to die, so that a test can show that it may (docs/crash-safety.md).

Nothing happens at a point unless ``VDG_FAILPOINT`` names it when the process starts: ``store.write.synced:3`` kills
the process with SIGKILL when it comes there for the third time, which no code can catch, as no code can a power cut.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "VDG_FAILPOINT"


def kill_at(point: str, times: int) -> Callable[[str], None]:
    """An action that kills this process when it is called for the ``times``-th time (from 1) with this point."""
    left = times

    def action(reached_point: str) -> None:
        nonlocal left
        if reached_point == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return action


def from_environment(value: str) -> Callable[[str], None] | None:
    """The action that a value of the variable asks for: ``point`` or ``point:times``; none when it is empty.

    Raises: ValueError for anything else.
    """
    if not value:
        return None
    point, _, times = value.partition(":")
    if not times:
        times = "1"
    if not point or not times.isdecimal() or int(times) < 1:
        raise ValueError(
            f"{VARIABLE} = {value!r}: give a point, or a point and a count from 1, as store.write.synced:3"
        )
    return kill_at(point, int(times))


_action = from_environment(os.environ.get(VARIABLE, ""))


def set_action(action: Callable[[str], None] | None) -> None:
    """Call this at every point from now on (tests record, copy or kill there), or nothing."""
    global _action  # noqa: PLW0603 - one action for the process, as one environment has it
    _action = action


def reached(point: str) -> None:
    """The process has come to this point."""
    if _action is not None:
        _action(point)
