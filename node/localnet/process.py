"""One child process: started in a group of its own, logged to a file, stopped for certain."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

LAUNCHER: Final = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Command:
    """What to run: `name` is unique in the localnet, `grace_seconds` how long it may take to end when asked to.

    `passing_ends` are exit codes, with their meanings, of troubles that pass by themselves, such as a full disk.
    `final_ends` are those, with what to do, after which the same command would only end again.
    `ready` is a file that is there once it can be used: what depends on it is not started before.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 15.0
    passing_ends: Mapping[int, str] = field(default_factory=dict)
    final_ends: Mapping[int, str] = field(default_factory=dict)
    ready: Path | None = None


class Process:
    """A running command."""

    def __init__(self, command: Command, child: asyncio.subprocess.Process) -> None:
        self.command = command
        self.pid = child.pid
        self._child = child
        # The signals by which it may have ended because it was asked to; none before that.
        self._asked_by: set[int] = set()

    @classmethod
    async def start(cls, command: Command) -> Self:
        """Start the command. It dies with this process, even if this one is killed."""
        command.folder.mkdir(parents=True, exist_ok=True)
        command.log.parent.mkdir(parents=True, exist_ok=True)
        # Append mode, without which rotating the file under the writer would leave a hole in it.
        with command.log.open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-S", str(LAUNCHER), str(os.getpid())),
                *command.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=command.folder,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(command.environment),
                # Ctrl-C in a terminal reaches the supervisor alone, which stops the others in order.
                start_new_session=True,
            )
        return cls(command, child)

    async def wait(self) -> int:
        """Wait for the end and return the exit code, negative for a signal's number."""
        return await self._child.wait()

    @property
    def ended_unasked(self) -> bool:
        """Whether it ended before it was asked to.

        Its end may be heard of only after it has been asked, when it died of a signal that nobody here sent.
        """
        code = self._child.returncode
        return code is not None and (not self._asked_by or (code < 0 and -code not in self._asked_by))

    @property
    def passes_by_itself(self) -> bool:
        """Whether it ended of a trouble that passes by itself."""
        return self._child.returncode in self.command.passing_ends

    @property
    def is_final(self) -> bool:
        """Whether it ended so that it needs people before it can run again."""
        return self._child.returncode in self.command.final_ends

    def describe_exit(self) -> str:
        """How it ended, in words."""
        code = self._child.returncode
        if code is None:
            return f"{self.command.name} runs"
        if code < 0:
            return f"{self.command.name} was ended by {signal.Signals(-code).name}"
        meaning = self.command.passing_ends.get(code) or self.command.final_ends.get(code)
        return f"{self.command.name} ended with exit code {code}{f' ({meaning})' if meaning else ''}"

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and whatever it started; nothing happens when it has ended already."""
        if self._child.returncode is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                # It ended a moment ago, which is noticed by whoever waits for it.
                return

    async def stop(self) -> None:
        """Ask it to end, and kill it when it takes longer than its grace."""
        self._ask(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._child.wait(), self.command.grace_seconds)
        except TimeoutError:
            self._ask(signal.SIGKILL)
            await self._child.wait()

    def _ask(self, number: signal.Signals) -> None:
        if self._child.returncode is None:
            self._asked_by.add(number)
            self.send(number)
