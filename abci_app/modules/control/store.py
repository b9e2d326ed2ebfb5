"""What is read and written in several places: a VDG's limits, a slot's counts, who the DSO is."""

from __future__ import annotations

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.control.keys import GRID_CONTROLS, SLOT_CONTROLS
from abci_app.modules.grid.api import require_grid
from abci_app.modules.names import grid_prefix
from wire.control import GridControl, SlotControl
from wire.grid import Grid
from wire.results import Code

MAX_SWITCHINGS_PER_SLOT, MAX_SWITCHINGS_PER_DAY = 1000, 144
# A few switches do most of the good (thesis 5.3), and each switching wears the device.
DEFAULT_SWITCHINGS_PER_SLOT, DEFAULT_SWITCHINGS_PER_DAY = 10, 6
_NO_CONTROL = SlotControl()


def require_own_grid(context: Context, vdg: str) -> Grid:
    """The VDG, whose DSO the sender is. Raises: Refusal UNKNOWN_VDG, WRONG_ROLE."""
    grid = require_grid(context.state, vdg)
    if grid.dso != context.sender:
        raise Refusal(Code.WRONG_ROLE, f"vdg = {vdg!r}: the sender is not its DSO; send it with that account")
    return grid


def control_of(state: State, vdg: str) -> GridControl:
    """A VDG's limits and counts; the defaults where nothing was set."""
    found = GRID_CONTROLS.get(state, grid_prefix(vdg))
    return found or GridControl(vdg, DEFAULT_SWITCHINGS_PER_SLOT, DEFAULT_SWITCHINGS_PER_DAY)


def require_limits(switchings_per_slot: int, switchings_per_day: int) -> None:
    """Limits of switching are inside their bounds. Raises: Refusal OUT_OF_BOUNDS."""
    check.within("switchings_per_slot", switchings_per_slot, 0, MAX_SWITCHINGS_PER_SLOT)
    check.within("switchings_per_day", switchings_per_day, 0, MAX_SWITCHINGS_PER_DAY)


def slot_control(state: State, slot_key: bytes) -> SlotControl:
    """A slot's counts."""
    return SLOT_CONTROLS.get(state, slot_key) or _NO_CONTROL
