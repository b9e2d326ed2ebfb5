"""A two-register electricity meter."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import NamedTuple

from emulator.units import MJ_PER_WH


class Registers(NamedTuple):
    """Whole Wh taken from the grid (OBIS 1.8.0) and fed into it (2.8.0) since the meter was made."""

    import_wh: int
    export_wh: int

    @property
    def net_wh(self) -> int:
        """Import less export."""
        return self.import_wh - self.export_wh


@dataclass
class Meter:
    """Counts exactly in mJ, shows whole Wh, never falls. ``sequence`` is the number of the next reading."""

    serial: str
    import_mj: int
    export_mj: int
    sequence: int = 0

    @classmethod
    def installed(cls, serial: str) -> Meter:
        """A meter that has served for years: its registers stand anywhere below 10 MWh, given by its serial
        number."""
        return cls(
            serial=serial,
            import_mj=zlib.crc32(f"{serial}:1.8.0".encode()) % 10_000_000 * MJ_PER_WH,
            export_mj=zlib.crc32(f"{serial}:2.8.0".encode()) % 10_000_000 * MJ_PER_WH,
        )

    def count(self, grid_mj: int) -> None:
        """Counts energy that flowed at one sign: positive = taken from the grid."""
        if grid_mj >= 0:
            self.import_mj += grid_mj
        else:
            self.export_mj -= grid_mj

    def registers(self) -> Registers:
        """What the display shows."""
        return Registers(self.import_mj // MJ_PER_WH, self.export_mj // MJ_PER_WH)

    def grid_mj_until(self, net_wh: int) -> int:
        """The one-way flow after which ``registers().net_wh`` is ``net_wh``, as little as possible."""
        shown = self.registers()
        more_wh = net_wh - shown.net_wh
        if more_wh > 0:
            return (shown.import_wh + more_wh) * MJ_PER_WH - self.import_mj
        if more_wh < 0:
            return self.export_mj - (shown.export_wh - more_wh) * MJ_PER_WH
        return 0
