"""The switches and limits that are there from the start."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from abci_app.core.context import Context
from abci_app.modules.control.store import (
    DEFAULT_SWITCHINGS_PER_DAY,
    DEFAULT_SWITCHINGS_PER_SLOT,
    MAX_SWITCHINGS_PER_DAY,
    MAX_SWITCHINGS_PER_SLOT,
)
from abci_app.modules.control.switches import add, check_register, set_limits
from abci_app.modules.genesis_types import AddressHex, Name, Section, Serial
from abci_app.modules.grid.api import require_grid
from wire.control import Phase, RegisterSwitch, SetSwitchingLimits


class GenesisSwitchingLimits(Section):
    """How many switches of a VDG may be ordered in a slot, and how often each in a day."""

    vdg: Name
    switchings_per_slot: int = Field(default=DEFAULT_SWITCHINGS_PER_SLOT, ge=0, le=MAX_SWITCHINGS_PER_SLOT)
    switchings_per_day: int = Field(default=DEFAULT_SWITCHINGS_PER_DAY, ge=0, le=MAX_SWITCHINGS_PER_DAY)


class GenesisSwitch(Section):
    """A home's phase switch, and the phase that the home is on."""

    vdg: Name
    account: AddressHex
    serial: Serial
    controller: AddressHex | None = None
    feeder: Name
    phase: Literal["a", "b", "c"]


class ControlGenesis(Section):
    """Part ``control``."""

    limits: list[GenesisSwitchingLimits] = Field(default_factory=list)
    switches: list[GenesisSwitch] = Field(default_factory=list)


def write(context: Context, part: ControlGenesis) -> None:
    """Set the limits, register the switches. Raises: Refusal."""
    for limits in part.limits:
        set_limits(context, SetSwitchingLimits(limits.vdg, limits.switchings_per_slot, limits.switchings_per_day))
    for entry in part.switches:
        require_grid(context.state, entry.vdg)
        switch = RegisterSwitch(
            entry.vdg,
            bytes.fromhex(entry.account),
            entry.serial,
            bytes.fromhex(entry.controller or ""),
            entry.feeder,
            Phase[f"PHASE_{entry.phase.upper()}"],
        )
        check_register(switch)
        add(context, switch)
