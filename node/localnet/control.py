"""Steering a localnet that another process supervises."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from node.localnet.errors import LocalnetError, NotRunningError, UnknownNameError
from node.localnet.localnet import Report, silent
from node.localnet.plan import Plan
from node.localnet.runstate import Phase, RunState, is_running, read_running
from node.localnet.unit import UnitState
from node.localnet.wiring import log_of

POLL_SECONDS: Final = 0.1
# Longer than the graces of a service, a CometBFT and an application together (`process.Command`).
DOWN_SECONDS: Final = 60.0
RESTART_SECONDS: Final = 60.0

T = TypeVar("T")


def start_in_background(home: Path, report: Report = silent, *, on_wait: Callable[[], None] = lambda: None) -> RunState:
    """Start a supervisor that outlives this process and wait until the localnet is up.

    Args:
        on_wait: called again and again meanwhile.

    Raises:
        LocalnetError: it runs already, or did not come up: then nothing of it is left running.
    """
    home = home.resolve()
    if is_running(home):
        raise LocalnetError(f"the localnet in {home} runs already: `vdg localnet down` stops it")
    log = log_of(home, "supervisor")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "node.localnet.daemon", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    seen: dict[str, str] = {}
    try:
        # The supervisor has a deadline of its own; this one is for a supervisor that hangs.
        for _ in until(time.monotonic() + Plan.load(home).up_seconds + DOWN_SECONDS):
            if supervisor.poll() is not None:
                raise LocalnetError(log.read_text(errors="replace").strip() or f"the supervisor ended: see {log}")
            on_wait()
            state = read_running(home)
            if state is None:
                continue
            report_changes(state, seen, report)
            if state.phase is Phase.UP:
                return state
    except BaseException:
        if supervisor.poll() is None:
            supervisor.terminate()
            supervisor.wait()
        raise
    supervisor.kill()
    raise LocalnetError(f"the supervisor hangs: see {log}")


def report_changes(state: RunState, seen: dict[str, str], report: Report) -> None:
    """Report each unit whose state differs from what was `seen`."""
    for unit in state.units:
        told = f"{unit.state} ({unit.last_end})" if unit.state is UnitState.WAITING else str(unit.state)
        if seen.get(unit.name) != told:
            seen[unit.name] = told
            report(f"{unit.name}: {told}")


def stop(home: Path) -> bool:
    """Stop the localnet in `home` and wait for its end; returns whether one ran.

    Raises:
        LocalnetError: it does not end.
    """
    home = home.resolve()
    if not is_running(home):
        return False
    state = wait_for(lambda: read_running(home), 5.0)
    if state is None:
        # It ended while we looked.
        return not is_running(home)
    os.kill(state.supervisor_pid, signal.SIGTERM)
    if wait_for(lambda: not is_running(home), DOWN_SECONDS):
        return True
    # The kernel kills the children of a killed supervisor.
    os.kill(state.supervisor_pid, signal.SIGKILL)
    if wait_for(lambda: not is_running(home), 5.0):
        return True
    raise LocalnetError(f"the supervisor (process {state.supervisor_pid}) of {home} does not end")


def restart(home: Path, name: str) -> RunState:
    """End a validator's or service's processes and wait until its supervisor has started them again.

    Raises:
        LocalnetError: the localnet does not run, has nothing of that name, or it does not come back.
    """
    home = home.resolve()
    before = read_running(home)
    if before is None:
        raise NotRunningError(f"the localnet in {home} does not run: `vdg localnet up` starts it")
    unit = before.unit(name)
    if unit is None:
        names = ", ".join(unit.name for unit in before.units)
        raise UnknownNameError(f"there is nothing named {name!r} in the localnet: choose one of {names}")
    if not unit.processes:
        raise LocalnetError(f"{name} is {unit.state} now ({unit.last_end}): try again, or restart the localnet")
    # The last to be started is the first to be stopped; the supervisor stops the others and starts all.
    os.kill(list(unit.processes.values())[-1], signal.SIGTERM)

    def back() -> RunState | None:
        state = read_running(home)
        now = state.unit(name) if state else None
        if now is None or now.restarts <= unit.restarts or now.state is not UnitState.RUNNING:
            return None
        return state

    state = wait_for(back, RESTART_SECONDS)
    if state is None:
        raise LocalnetError(f"{name} did not come back within {RESTART_SECONDS:g} s: see `vdg localnet logs {name}`")
    return state


def until(deadline: float) -> Iterator[None]:
    """Ticks until a time of the monotonic clock."""
    while time.monotonic() < deadline:
        yield
        time.sleep(POLL_SECONDS)


def wait_for(condition: Callable[[], T], seconds: float) -> T | None:
    """The first true value of `condition`, or None when there is none within `seconds`."""
    for _ in until(time.monotonic() + seconds):
        if value := condition():
            return value
    return None
