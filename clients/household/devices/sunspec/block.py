"""One SunSpec model as it was read: registers, and values in them that may be absent, scaled, or impossible."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

NO_UINT16 = 0xFFFF
NO_INT16 = 0x8000
MOST_SCALE = 10


class SunSpecError(Exception):
    """What a SunSpec device gave can't be used; the text says what it was and what to do."""


class BusError(SunSpecError):
    """A request that wasn't answered, or was refused."""


class Unreachable(BusError):
    """Nothing listens at the address at all."""


@dataclass(frozen=True)
class Block:
    """A model's registers from its id on, so that offsets are those of the SunSpec model definitions."""

    model: int
    address: int
    registers: tuple[int, ...]

    def uint16(self, offset: int) -> int | None:
        """An unsigned register; None where it isn't implemented (0xFFFF)."""
        raw = self._at(offset)
        return None if raw == NO_UINT16 else raw

    def int16(self, offset: int) -> int | None:
        """A signed register; None where it isn't implemented (0x8000)."""
        raw = self._at(offset)
        return None if raw == NO_INT16 else raw - 0x10000 if raw > NO_INT16 else raw

    def uint32(self, offset: int) -> int:
        """Two registers, the higher first."""
        return self._at(offset) << 16 | self._at(offset + 1)

    def float32(self, offset: int) -> float | None:
        """An IEEE 754 number; None where it isn't implemented (NaN). Raises: SunSpecError for infinity."""
        value = float(struct.unpack(">f", struct.pack(">HH", self._at(offset), self._at(offset + 1)))[0])
        if math.isinf(value):
            raise SunSpecError(f"model {self.model} offset {offset} is infinite: check the inverter's firmware")
        return None if math.isnan(value) else value

    def text(self, offset: int, registers: int) -> str:
        """A string padded with NULs; what isn't printable ASCII is shown as '?'."""
        raw = struct.pack(f">{registers}H", *(self._at(offset + i) for i in range(registers)))
        shown = raw.partition(b"\0")[0].decode("ascii", "replace").strip()
        return "".join(char if char.isascii() and char.isprintable() else "?" for char in shown)

    def scale(self, offset: int) -> Fraction:
        """Ten to the power of a scale factor register. Raises: SunSpecError when it is absent or beyond -10 to 10."""
        exponent = self.int16(offset)
        if exponent is None or not -MOST_SCALE <= exponent <= MOST_SCALE:
            shown = "not implemented" if exponent is None else str(exponent)
            raise SunSpecError(
                f"scale factor at model {self.model} offset {offset} is {shown}; SunSpec allows -10 to 10: check the "
                "inverter's firmware"
            )
        return Fraction(10) ** exponent

    def scaled(self, read: Callable[[int], int | None], offset: int, scale_offset: int) -> Fraction | None:
        """A register times its scale; None where it isn't implemented. Raises: SunSpecError for its scale."""
        value = read(offset)
        return None if value is None else value * self.scale(scale_offset)

    def _at(self, offset: int) -> int:
        if offset >= len(self.registers):
            raise SunSpecError(
                f"model {self.model} has {len(self.registers)} registers, {offset + 1} are needed: the map is cut off"
            )
        return self.registers[offset]
