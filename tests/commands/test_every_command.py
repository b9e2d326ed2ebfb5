"""What holds for all commands: programs can read each answer, and a shell completes them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from node.cli.lazy import Deferred
from node.cli.main import app

# They run until they are stopped, and say what they do in a log.
DAEMONS = {"gateway", "dso signer", "dso run", "household run"}


def commands(command: Any, path: str = "") -> Iterator[tuple[str, TyperCommand]]:
    """All commands below one, by what is typed."""
    found = command.load() if isinstance(command, Deferred) else command
    if not isinstance(found, TyperGroup):
        yield path, found
        return
    for name, inner in found.commands.items():
        yield from commands(inner, f"{path} {name}".strip())


def test_every_command_that_answers_has_json() -> None:
    without = {
        path
        for path, command in commands(typer.main.get_command(app))
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert without == DAEMONS


def test_a_shell_completes_commands() -> None:
    asked = {"_VDG_COMPLETE": "complete_bash", "COMP_WORDS": "vdg localnet ", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", "from node.cli.main import app; app(prog_name='vdg')"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert {"up", "down", "status", "logs"} <= set(done.stdout.split())
