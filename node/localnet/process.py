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
    """What to run: `name` is unique in the localnet, `grace_seconds` how long it may take to end when asked to."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 15.0


class Process:
    """A running command."""

    def __init__(self, command: Command, child: asyncio.subprocess.Process) -> None:
        self.command = command
        self.pid = child.pid
        self._child = child

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
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._child.wait(), self.command.grace_seconds)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._child.wait()


def describe_exit(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
