"""The process that supervises a localnet: in the background for `vdg localnet up`, or in the foreground."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from node.localnet.errors import LocalnetError
from node.localnet.localnet import Localnet, Report, silent
from node.toolchain import ToolchainError


async def supervise(home: Path, report: Report = silent, *, on_up: Report = silent) -> None:
    """Bring the localnet in `home` up, keep it up until SIGINT or SIGTERM, and take it down.

    Raises:
        LocalnetError: it could not be brought up, or a part of it was given up later.
        ToolchainError: CometBFT could not be built.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with Localnet.open(home) as net:
        start = asyncio.create_task(net.up(report=report))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait([start, stop], return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            return
        await start
        on_up(f"up: {', '.join(validator.rpc_url for validator in net.plan.validators)}")
        failure = asyncio.create_task(net.wait_for_failure())
        done, _ = await asyncio.wait([failure, stop], return_when=asyncio.FIRST_COMPLETED)
        failure.cancel()
        if failure in done:
            await failure


def main(home: Path) -> int:
    """Supervise until told to stop; 0 when that went well."""
    try:
        asyncio.run(supervise(home))
    except (LocalnetError, ToolchainError) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
