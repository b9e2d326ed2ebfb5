"""What a running localnet tells other processes: its state.json, and the lock that shows that it runs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from node.localnet.errors import LocalnetError
from node.localnet.plan import Model, write_atomically
from node.localnet.unit import Unit, UnitState

FILE: Final = "state.json"
LOCK: Final = "supervisor.lock"


class Phase(StrEnum):
    """How far a localnet has come."""

    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"


class UnitReport(Model):
    """A unit's state as others see it; `processes` maps names to pids."""

    name: str
    state: UnitState
    restarts: int
    last_end: str
    processes: dict[str, int]


class RunState(Model):
    """The contents of state.json."""

    supervisor_pid: int
    phase: Phase
    units: tuple[UnitReport, ...]

    @classmethod
    def of(cls, phase: Phase, units: Iterable[Unit]) -> RunState:
        """The state of units supervised by this process."""
        reports = tuple(
            UnitReport(
                name=unit.name,
                state=unit.state,
                restarts=unit.restarts,
                last_end=unit.last_end,
                processes={name: process.pid for name, process in unit.processes.items()},
            )
            for unit in units
        )
        return cls(supervisor_pid=os.getpid(), phase=phase, units=reports)

    def save(self, home: Path) -> None:
        """Write state.json in one step."""
        write_atomically(home / FILE, self.model_dump_json(indent=2))

    def unit(self, name: str) -> UnitReport | None:
        """The unit of that name."""
        return next((unit for unit in self.units if unit.name == name), None)


def read_running(home: Path) -> RunState | None:
    """The state of the localnet in `home` if it runs now, else None. A file left by a killed supervisor is ignored.

    Raises:
        LocalnetError: when state.json is broken.
    """
    if not is_running(home):
        return None
    try:
        return RunState.model_validate_json((home / FILE).read_bytes())
    except FileNotFoundError:
        # It took the lock a moment ago and has not written yet.
        return None
    except (OSError, ValidationError) as error:
        raise LocalnetError(f"{home / FILE} cannot be used: {error}") from error


def is_running(home: Path) -> bool:
    """Whether some process supervises the localnet in `home`; the kernel drops the lock of one that has ended."""
    try:
        with (home / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def supervision(home: Path) -> Iterator[None]:
    """Hold the lock that says that this process supervises the localnet in `home`.

    Raises:
        LocalnetError: when another process does.
    """
    with (home / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalnetError(f"the localnet in {home} runs already: `vdg localnet down` stops it") from error
        try:
            yield
        finally:
            (home / FILE).unlink(missing_ok=True)
