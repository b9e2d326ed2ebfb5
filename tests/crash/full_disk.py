"""A supervised validator on a small disk of its own that is filled to the last byte, emptied, and made read-only.

``python -m tests.crash.full_disk`` (as root) prints a summary as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from node.localnet.localnet import Localnet
from node.localnet.unit import UnitState
from node.validator.exits import ValidatorExit
from tests.crash.small_disk import SmallDisk, small_disk, why_not
from tests.crash.undisturbed import check_store
from tests.snapshots.network import application, new_chain

NAME = "validator0"
DEADLINE_SECONDS = 120.0
FULL_SECONDS = 25.0


async def seconds_until(condition: Callable[[], bool]) -> float:
    """How long it takes until a condition holds. Raises: TimeoutError."""
    started = time.monotonic()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.05)
    return round(time.monotonic() - started, 1)


async def fill_and_empty(net: Localnet, disk: SmallDisk) -> dict[str, Any]:
    """Fill the disk under a running validator, look at how it is supervised, make room."""
    await net.wait_for_height(5)
    unit = net.unit(NAME)
    disk.fill()
    stopped_seconds = await seconds_until(lambda: unit.state is UnitState.WAITING)
    said, restarts = unit.last_end, unit.restarts
    if "its disk is full: make room" not in said:
        raise ValueError(f"the validator ended otherwise: {said}")
    await asyncio.sleep(FULL_SECONDS)
    tries = unit.restarts - restarts
    height = signed_height(net.home / NAME)
    disk.make_room()
    started = time.monotonic()
    await net.wait_for_height(height + 3)
    return {
        "said": said,
        "stopped_after_seconds": stopped_seconds,
        "tries_while_full": tries,
        "full_seconds": FULL_SECONDS,
        "went_on_after_seconds": round(time.monotonic() - started, 1),
    }


def signed_height(home: Path) -> int:
    """The height of the last vote. On a full disk, stores can not be opened, but this file can be read."""
    state = json.loads((home / "data" / "priv_validator_state.json").read_text())
    return int(state["height"])


def start_read_only(home: Path, disk: SmallDisk) -> dict[str, Any]:
    """Start the application on the disk mounted read-only."""
    disk.set_read_only(True)
    try:
        command = [sys.executable, "-m", "node.validator", "--home", str(home)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS)
    finally:
        disk.set_read_only(False)
    if ended.returncode != ValidatorExit.DISK_READ_ONLY:
        raise ValueError(f"exit code {ended.returncode}: {ended.stderr}")
    return {
        "read_only_exit_code": ended.returncode,
        "read_only_said": ended.stderr.splitlines()[-1].partition(" ERROR ")[2],
    }


async def campaign(disk: SmallDisk) -> dict[str, Any]:
    """All of it. Raises: ValueError, TimeoutError or LocalnetError for what should not be."""
    home = disk.folder / "net"
    async with new_chain(home, application("--reserve-mib", "16"), validators=1) as net:
        await net.up()
        summary = await fill_and_empty(net, disk)
    summary |= start_read_only(home / NAME, disk)
    async with Localnet.open(home) as net:
        await net.up()
        await net.wait_for_height((await net.rpc(0).status()).height + 3)
    summary["app_hash"] = await asyncio.to_thread(check_store, home / NAME)
    return summary


def main() -> None:
    """Run it. Exit code 77 says that it can't be tried here."""
    if reason := why_not():
        print(json.dumps({"not_run": reason}))
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="vc") as folder, small_disk(Path(folder)) as disk:
        print(json.dumps(asyncio.run(campaign(disk))))


if __name__ == "__main__":
    main()
