"""Counts agree with what they count, so that lists can be proved whole: checked at every block over its changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from abci_app.core.context import Context
from abci_app.core.refusal import InvariantBroken
from abci_app.modules.control.keys import (
    CONTROL_SESSIONS,
    CONTROL_SIGNALS,
    GRID_CONTROLS,
    PHASE_ORDERS,
    SLOT_CONTROLS,
    SWITCHES,
)
from wire.address import ADDRESS_BYTES
from wire.control import ControlSession, ControlSignal, GridControl, PhaseOrder, SlotControl, Switch


def check_counts(before: Context, changes: Mapping[bytes, Any]) -> None:
    """A VDG's number of switches, and a slot's numbers of orders, confirmed ones and sessions, a session's of signals.
    A VDG has as many open sessions, none or one, as it says.

    Raises: InvariantBroken.
    """
    uncounted: Counter[tuple[bytes, str]] = Counter()
    for key, after in changes.items():
        if key.startswith(SWITCHES.base):
            old = before.state.get(key, Switch)
            vdg = key.removeprefix(SWITCHES.base)[:-ADDRESS_BYTES]
            uncounted[vdg, "switches"] += (after is not None) - (old is not None)
        elif key.startswith(PHASE_ORDERS.base):
            previous = before.state.get(key, PhaseOrder)
            slot = key.removeprefix(PHASE_ORDERS.base)[:-ADDRESS_BYTES]
            for order, sign in ((after, 1), (previous, -1)):
                if order is not None:
                    uncounted[slot, "orders"] += sign
                    uncounted[slot, "confirmed"] += sign * bool(order.executed)
        elif key.startswith(CONTROL_SESSIONS.base):
            earlier, place = before.state.get(key, ControlSession), key.removeprefix(CONTROL_SESSIONS.base)
            for session, sign in ((after, 1), (earlier, -1)):
                if session is not None:
                    uncounted[place[:-4], "sessions"] += sign
                    uncounted[place[:-12], "open sessions"] += sign * (not session.outcome)
                    uncounted[place, "signals"] -= sign * session.signals
        elif key.startswith(CONTROL_SIGNALS.base):
            was = before.state.get(key, ControlSignal)
            uncounted[key.removeprefix(CONTROL_SIGNALS.base)[:-4], "signals"] += (after is not None) - (was is not None)
        elif key.startswith(GRID_CONTROLS.base):
            control = before.state.get(key, GridControl) or GridControl()
            uncounted[key.removeprefix(GRID_CONTROLS.base), "switches"] -= after.switches - control.switches
            opened = bool(after.open_session) - bool(control.open_session)
            uncounted[key.removeprefix(GRID_CONTROLS.base), "open sessions"] -= opened
        elif key.startswith(SLOT_CONTROLS.base):
            count, now = before.state.get(key, SlotControl) or SlotControl(), after or SlotControl()
            slot = key.removeprefix(SLOT_CONTROLS.base)
            uncounted[slot, "orders"] -= now.orders - count.orders
            uncounted[slot, "confirmed"] -= now.confirmed - count.confirmed
            uncounted[slot, "sessions"] -= now.sessions - count.sessions
    for (place, what), missing in uncounted.items():
        if missing:
            raise InvariantBroken(
                f"{place.hex()}: after the block at height {before.height} there are {missing} more {what} than counted"
            )
