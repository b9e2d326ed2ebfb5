"""Runs `vdg` and the receipts' own program as users do, while the test's gateway serves them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

VERIFIER = Path(__file__).parents[2] / "docs" / "receipts" / "verify_receipt.py"


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


async def vdg(*arguments: str | Path, gateway: str = "127.0.0.1:1") -> Done:
    """The command and how it ended."""
    return await _run(sys.executable, "-m", "node.cli.main", *map(str, arguments), gateway=gateway)


async def verify_receipt(*arguments: str | Path) -> Done:
    """The receipts' own program, in a Python that knows nothing of this project's packages."""
    return await _run(sys.executable, "-I", str(VERIFIER), *map(str, arguments))


async def _run(*command: str, gateway: str = "") -> Done:
    environment = os.environ | {"VDG_GATEWAY": gateway, "COLUMNS": "200"}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return Done(process.returncode or 0, out.decode(), err.decode())
