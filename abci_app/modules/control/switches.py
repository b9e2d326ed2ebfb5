"""Registering phase switches, and limiting how often they are used."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.api import require_role
from abci_app.modules.control.keys import GRID_CONTROLS, SWITCHES
from abci_app.modules.control.store import control_of, require_limits, require_own_grid
from abci_app.modules.grid.api import require_grid, require_member
from abci_app.modules.names import grid_prefix
from wire.accounts import Role
from wire.control import (
    Phase,
    RegisterSwitch,
    RemoveSwitch,
    SetSwitchingLimits,
    Switch,
    SwitchingLimitsSet,
    SwitchRegistered,
    SwitchRemoved,
)
from wire.results import Code


def check_phase(phase: Phase) -> None:
    """A phase is given."""
    if phase is Phase.PHASE_UNSPECIFIED:
        raise check.invalid("phase", phase.name, "give PHASE_A, PHASE_B or PHASE_C")


def check_register(message: RegisterSwitch) -> None:
    """Fields of RegisterSwitch."""
    check.name("vdg", message.vdg)
    check.address("account", message.account)
    check.serial("serial", message.serial)
    if message.controller:
        check.address("controller", message.controller)
    check.name("feeder", message.feeder)
    check_phase(message.phase)


def register(context: Context, message: RegisterSwitch) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, UNKNOWN_ACCOUNT, ALREADY_EXISTS, NOT_A_MEMBER."""
    require_own_grid(context, message.vdg)
    add(context, message)


def add(context: Context, message: RegisterSwitch) -> None:
    """Add a switch. Raises: Refusal WRONG_ROLE, UNKNOWN_ACCOUNT, ALREADY_EXISTS, NOT_A_MEMBER."""
    state, key = context.state, grid_prefix(message.vdg) + message.account
    if message.controller:
        require_role(state, "controller", message.controller, Role.ROLE_CONTROLLER)
    if SWITCHES.get(state, key) is not None:
        raise Refusal(
            Code.ALREADY_EXISTS,
            f"account = {message.account.hex()} has a switch in {message.vdg!r}: remove that one first",
        )
    require_member(state, message.vdg, message.account)
    # After this point the action must succeed.
    switch = Switch(*message)
    SWITCHES.put(state, key, switch)
    _count(state, message.vdg, 1)
    context.emit(SwitchRegistered(switch))


def _count(state: State, vdg: str, by: int) -> None:
    control = control_of(state, vdg)
    GRID_CONTROLS.put(state, grid_prefix(vdg), control._replace(switches=control.switches + by))


def require_switch(state: State, vdg: str, account: bytes) -> Switch:
    """A home's switch. Raises: Refusal UNKNOWN_ASSET."""
    switch = SWITCHES.get(state, grid_prefix(vdg) + account)
    if switch is None:
        raise Refusal(
            Code.UNKNOWN_ASSET,
            f"account = {account.hex()} has no phase switch in {vdg!r}: list the switches, or have its DSO register it",
        )
    return switch


def check_remove(message: RemoveSwitch) -> None:
    """Fields of RemoveSwitch."""
    check.name("vdg", message.vdg)
    check.address("account", message.account)


def remove(context: Context, message: RemoveSwitch) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, UNKNOWN_ASSET."""
    require_own_grid(context, message.vdg)
    switch = require_switch(context.state, message.vdg, message.account)
    # After this point the action must succeed.
    SWITCHES.delete(context.state, grid_prefix(switch.vdg) + switch.account)
    _count(context.state, switch.vdg, -1)
    context.emit(SwitchRemoved(switch.vdg, switch.account))


def check_limits(message: SetSwitchingLimits) -> None:
    """Fields of SetSwitchingLimits."""
    check.name("vdg", message.vdg)


def set_limits(context: Context, message: SetSwitchingLimits) -> None:
    """Raises: Refusal UNKNOWN_VDG, OUT_OF_BOUNDS. Orders that are there already stay."""
    require_grid(context.state, message.vdg)
    require_limits(message.switchings_per_slot, message.switchings_per_day)
    # After this point the action must succeed.
    put_limits(context, message)


def put_limits(context: Context, message: SetSwitchingLimits) -> None:
    """Write limits that were checked."""
    control = control_of(context.state, message.vdg)._replace(
        switchings_per_slot=message.switchings_per_slot, switchings_per_day=message.switchings_per_day
    )
    GRID_CONTROLS.put(context.state, grid_prefix(message.vdg), control)
    context.emit(SwitchingLimitsSet(*message))
