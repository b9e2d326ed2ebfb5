"""What a supervisor does beside its processes: it tells how they are, and keeps their files from growing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from node.cometbft import wal
from node.localnet.logfile import rotate
from node.localnet.runstate import Phase, RunState
from node.localnet.unit import Unit

ROTATE_SECONDS: Final = 10.0


class Upkeep:
    """Keeps state.json, the logs and CometBFT's logs of consensus of the units in a localnet's home."""

    def __init__(self, home: Path, units: Mapping[str, Unit]) -> None:
        self.phase = Phase.STARTING
        self._home = home
        self._units = units
        self._unsaved = False

    def save(self) -> None:
        """Tell others how things are. On a full disk they learn it later, as supervision must go on."""
        try:
            RunState.of(self.phase, self._units.values()).save(self._home)
            self._unsaved = False
        except OSError:
            self._unsaved = True

    async def run(self) -> None:
        """Rotate and trim now and then, until cancelled."""
        while True:
            await asyncio.sleep(ROTATE_SECONDS)
            if self._unsaved:
                self.save()
            # What can't be rotated now, as on a full disk, is rotated when it can.
            with suppress(OSError):
                for name, unit in list(self._units.items()):
                    for command in unit.commands:
                        await asyncio.to_thread(rotate, command.log)
                    # A unit of a service has no log of consensus; there is nothing to trim then.
                    await asyncio.to_thread(wal.trim, self._home / name)
