"""What other modules may do with availability."""

from __future__ import annotations

from abci_app.core.context import State
from abci_app.core.refusal import Refusal
from abci_app.modules.asset.keys import AVAILABILITY, DELIVERABLE
from abci_app.modules.grid.api import energy_wh
from abci_app.modules.names import grid_prefix, slot_account_key, slot_key
from wire.asset import Availability
from wire.results import Code

_NONE = Availability()


def capacity_wh(state: State, vdg: str, account: bytes) -> int:
    """The most that a member's registered devices can deliver in one slot (Wh)."""
    total = DELIVERABLE.get(state, grid_prefix(vdg) + account)
    return energy_wh(total.power_w) if total else 0


def availability_of(state: State, vdg: str, slot: int, account: bytes) -> Availability:
    """What an account declared for a slot and how much of it is held."""
    return AVAILABILITY.get(state, slot_account_key(vdg, slot, account)) or _NONE


def hold(state: State, vdg: str, slot: int, account: bytes, energy: int) -> None:
    """Hold availability for an ask, or give it back when negative. Raises: Refusal BEYOND_AVAILABILITY."""
    if energy == 0:
        return
    current = availability_of(state, vdg, slot, account)
    held = current.held_wh + energy
    if held > current.declared_wh:
        raise Refusal(
            Code.BEYOND_AVAILABILITY,
            f"energy_wh: slot {slot} would need {held} Wh of availability, {current.declared_wh} are declared; "
            "declare more or offer less",
        )
    AVAILABILITY.put(state, slot_account_key(vdg, slot, account), current._replace(held_wh=held))


def forget_availability(state: State, vdg: str, slot: int) -> None:
    """Drop a settled slot's availability: it is proved or lapsed."""
    for key, _ in list(AVAILABILITY.items(state, slot_key(vdg, slot))):
        AVAILABILITY.delete(state, key)
