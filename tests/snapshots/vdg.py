"""`vdg node` as users run it."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any


async def vdg(*arguments: str, code: int = 0) -> tuple[Any, str]:
    """What `vdg node` prints with --json (None when it fails), and what it tells on standard error."""
    command = [sys.executable, "-m", "node.cli.main", "node", *arguments, "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, told = await process.communicate()
    assert process.returncode == code, told.decode()
    return json.loads(out) if code == 0 else None, told.decode()
