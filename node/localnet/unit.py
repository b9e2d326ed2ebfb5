"""Processes that live and die together, such as an application and its CometBFT."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from node.localnet.process import Command, Process


class UnitState(StrEnum):
    """Where a unit stands."""

    STOPPED = "stopped"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    # An end that only people can change anything about (`Command.final_ends`): nothing is started again.
    HALTED = "halted"


@dataclass(frozen=True)
class RestartPolicy:
    """How a unit is restarted.

    The pause doubles from `first_pause_seconds` to `longest_pause_seconds` with each end that comes sooner than
    `healthy_seconds` after its start; after `max_quick_ends` of those in a row the unit is given up as failed.
    What passes by itself (`Command.passing_ends`, or a disk that takes no new log) is no reason to give up: then the
    pause is the longest at once, and there is no limit. What does not end within `grace_seconds` of being asked to,
    such as a CometBFT that hangs because its application is gone, is killed.
    """

    first_pause_seconds: float = 0.2
    longest_pause_seconds: float = 10.0
    healthy_seconds: float = 10.0
    max_quick_ends: int = 5
    grace_seconds: float = 15.0


DEFAULT_POLICY: Final = RestartPolicy()
_READY_SECONDS: Final = 60.0
_READY_POLL_SECONDS: Final = 0.02
_DISK_ERRORS: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class _End(StrEnum):
    """Why the processes of a unit do not run any more."""

    ASKED = "asked"
    QUICK = "quick"
    HEALTHY = "healthy"
    PASSING = "passing"
    FINAL = "final"


class Unit:
    """Runs `commands` in their order; when one ends, stops the others in reverse order and starts all again.

    Neither CometBFT nor its application reconnects to the other, so half a pair is of no use. `leftovers` (sockets)
    are removed and `prepare` is called before each start. `on_change` is called whenever anything that can be seen
    here has changed.
    """

    def __init__(
        self,
        name: str,
        commands: tuple[Command, ...],
        *,
        leftovers: tuple[Path, ...] = (),
        prepare: Callable[[], None] = lambda: None,
        policy: RestartPolicy = DEFAULT_POLICY,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.commands = commands
        self.state = UnitState.STOPPED
        self.restarts = 0
        self.last_end = ""
        self.processes: dict[str, Process] = {}
        self._leftovers = leftovers
        self._prepare = prepare
        self._policy = policy
        self._on_change = on_change
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the unit in the background, unless it runs already."""
        if self._task is None or self._task.done():
            self._stopping.clear()
            self._task = asyncio.create_task(self._supervise(), name=f"unit {self.name}")

    async def stop(self) -> None:
        """Stop the unit's processes in reverse order and wait for their end.

        Raises:
            OSError: when a process could not be started or signalled since the last call.
        """
        self._stopping.set()
        if self._task is not None:
            task, self._task = self._task, None
            await task

    async def _supervise(self) -> None:
        quick_ends = 0
        try:
            while not self._stopping.is_set() and (end := await self._run_once()) is not _End.ASKED:
                if end is _End.FINAL:
                    self._change(UnitState.HALTED)
                    return
                quick_ends = quick_ends + 1 if end is _End.QUICK else 0
                if quick_ends >= self._policy.max_quick_ends:
                    self._change(UnitState.FAILED)
                    return
                self._change(UnitState.WAITING)
                if await self._stopped_within(self._pause_seconds(end, quick_ends)):
                    break
                self.restarts += 1
        except BaseException as error:
            self.last_end = f"{type(error).__name__}: {error}"
            self._change(UnitState.FAILED)
            raise
        self._change(UnitState.STOPPED)

    def _pause_seconds(self, end: _End, quick_ends: int) -> float:
        if end is _End.PASSING:
            return self._policy.longest_pause_seconds
        doubled = self._policy.first_pause_seconds * 2.0 ** max(0, quick_ends - 1)
        return min(doubled, self._policy.longest_pause_seconds)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _run_once(self) -> _End:
        """Start all, wait until one ends or the unit is to stop, stop the rest; returns what that was."""
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            for leftover in self._leftovers:
                leftover.unlink(missing_ok=True)
            self._prepare()
            ended = await self._run_until_one_ends()
        except OSError as error:
            if error.errno not in _DISK_ERRORS:
                raise
            self.last_end = f"cannot start: {error}"
            return _End.PASSING
        if not ended:
            return _End.ASKED
        # An application whose disk is full takes its CometBFT along, which may be gone first.
        passing = [process for process in ended if process.passes_by_itself]
        final = [process for process in ended if process.is_final]
        first = [process for process in ended if process.ended_unasked]
        self.last_end = "; ".join(process.describe_exit() for process in final or passing or first)
        if final:
            return _End.FINAL
        if passing:
            return _End.PASSING
        return _End.HEALTHY if clock() - started >= self._policy.healthy_seconds else _End.QUICK

    async def _run_until_one_ends(self) -> list[Process]:
        """Returns all processes, ended, once one has ended by itself; none when the unit was to stop."""
        waiting: list[asyncio.Task[int]] = []
        stop = asyncio.create_task(self._stopping.wait())
        try:
            for command in self.commands:
                process = await Process.start(command)
                self.processes[command.name] = process
                waiting.append(asyncio.create_task(process.wait()))
                if not await self._ready(command, [stop, *waiting]):
                    break
            self._change(UnitState.RUNNING)
            await asyncio.wait([stop, *waiting], return_when=asyncio.FIRST_COMPLETED)
            return [] if self._stopping.is_set() else list(self.processes.values())
        finally:
            stop.cancel()
            for process in reversed(list(self.processes.values())):
                await process.stop()
            self.processes.clear()
            for task in waiting:
                task.cancel()

    async def _ready(self, command: Command, ends: list[asyncio.Task[Any]]) -> bool:
        """Wait until the command can be used, at most `_READY_SECONDS`; false once one of `ends` is done."""
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS
        while command.ready is not None and not command.ready.exists():
            if any(end.done() for end in ends):
                return False
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(_READY_POLL_SECONDS)
        return True

    def _change(self, state: UnitState) -> None:
        self.state = state
        self._on_change()
