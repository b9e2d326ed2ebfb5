"""What the SunSpec models 1, 101 to 103, 111 to 113, 120, 121, 123 and 124 say; offsets are the specification's."""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple

from clients.household.devices.sunspec.block import NO_UINT16, Block, SunSpecError

INTEGER_INVERTERS = (101, 102, 103)
FLOAT_INVERTERS = (111, 112, 113)
NAMEPLATE = 120
SETTINGS = 121
CONTROLS = 123
STORAGE = 124
WHOLE_PERCENT = 100


class OperatingState(IntEnum):
    """Point ``St`` of the inverter models."""

    OFF = 1
    SLEEPING = 2
    STARTING = 3
    MPPT = 4
    THROTTLED = 5
    SHUTTING_DOWN = 6
    FAULT = 7
    STANDBY = 8


class Identity(NamedTuple):
    """Model 1."""

    manufacturer: str
    model: str
    version: str
    serial: str


class Measured(NamedTuple):
    """An inverter model: AC power in W, life-time energy in Wh (``wraps_at_wh``: where its counter starts anew)."""

    power_w: Fraction
    energy_wh: Fraction
    wraps_at_wh: Fraction | None
    status: OperatingState


def identity(common: Block) -> Identity:
    """Who made the device."""
    return Identity(common.text(2, 16), common.text(18, 16), common.text(42, 8), common.text(50, 16))


def measured(block: Block) -> Measured:
    """What an inverter model says. Raises: SunSpecError for values that are missing or can't be."""
    if block.model in INTEGER_INVERTERS:
        power_w = block.scaled(block.int16, 14, 15)
        scale = block.scale(26)
        energy_wh: Fraction | None = block.uint32(24) * scale
        wraps_at_wh: Fraction | None = 2**32 * scale
        status = block.uint16(38)
    else:
        power, energy = block.float32(22), block.float32(32)
        power_w = None if power is None else Fraction(power)
        energy_wh = None if energy is None else Fraction(energy)
        wraps_at_wh = None
        status = block.uint16(48)
    if power_w is None or energy_wh is None:
        missing = "power" if power_w is None else "energy"
        raise SunSpecError(f"model {block.model} has no {missing}, a mandatory point: check the inverter's firmware")
    if energy_wh < 0:
        raise SunSpecError(f"model {block.model}: energy is {float(energy_wh):g} Wh; a counter is 0 or more")
    if status not in list(OperatingState):
        raise SunSpecError(f"model {block.model}: state is {status}; 1 to 8 are known")
    return Measured(power_w, energy_wh, wraps_at_wh, OperatingState(status))


def most_power_w(settings: Block | None, nameplate: Block | None) -> Fraction | None:
    """The power that a limit is a percentage of: the setting, else the rating; None where neither is told.
    Raises: SunSpecError."""
    for block, offset, scale_offset in ((settings, 2, 22), (nameplate, 3, 4)):
        most_w = None if block is None else block.scaled(block.uint16, offset, scale_offset)
        if most_w:
            return most_w
    return None


def limit_w(controls: Block, most_w: Fraction) -> Fraction | None:
    """The power limit in force, None without one. Raises: SunSpecError."""
    percent = controls.scaled(controls.uint16, 5, 23)
    enabled = controls.uint16(9)
    return percent * most_w / WHOLE_PERCENT if enabled == 1 and percent is not None else None


def limit_registers(controls: Block, most_w: Fraction, wanted_w: int, revert_s: int) -> list[int]:
    """Registers 5 to 9 of the controls for a limit of at most ``wanted_w`` that ends after ``revert_s``.

    Percentage (rounded down), time window, time until it reverts, ramp time, enabled. Raises: SunSpecError when the
    scale factor leaves no room for the percentage.
    """
    percent = int(wanted_w * WHOLE_PERCENT / most_w / controls.scale(23))
    if not 0 <= percent < NO_UINT16:
        raise SunSpecError(f"a limit of {wanted_w} W doesn't fit into the register: check the scale factor")
    return [percent, 0, revert_s, 0, 1]


def charge_permille(storage: Block) -> int | None:
    """State of charge of model 124, None where it isn't told. Raises: SunSpecError beyond 0 to 100 %."""
    percent = storage.scaled(storage.uint16, 8, 22)
    if percent is None:
        return None
    if percent > WHOLE_PERCENT:
        raise SunSpecError(f"model {STORAGE}: state of charge is {float(percent):g} %; it is 0 to 100")
    return round(percent * 10)
