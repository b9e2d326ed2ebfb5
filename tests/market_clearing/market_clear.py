"""Runs ``vdg market clear`` as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

_COMMAND = "import typer; from node.market_clear.command import clear_command; typer.run(clear_command)"


def market_clear(
    *arguments: str | Path, cwd: Path | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """The finished process, for an output 80 columns wide; never raises for its exit code."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-c", _COMMAND, *map(str, arguments)],
        env=environment,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )
