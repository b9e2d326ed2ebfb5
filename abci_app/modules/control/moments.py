"""What happens by itself: slots end, sessions are closed, old records are dropped."""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.modules.control.keys import CONTROL_SESSIONS, CONTROL_SIGNALS, PHASE_ORDERS, SLOT_CONTROLS
from abci_app.modules.control.phases import end_slot
from abci_app.modules.control.sessions import time_out
from wire.chain import Moment


def forget(context: Context, key: bytes) -> None:
    """Drop what was ordered for a slot that is long over."""
    for collection in (PHASE_ORDERS, CONTROL_SESSIONS, CONTROL_SIGNALS):
        for item_key in [item_key for item_key, _ in collection.items(context.state, key)]:
            collection.delete(context.state, item_key)
    SLOT_CONTROLS.delete(context.state, key)


MOMENTS = {
    Moment.MOMENT_SWITCHING_ENDS: end_slot,
    Moment.MOMENT_CONTROL_ENDS: time_out,
    Moment.MOMENT_SLOT_FORGOTTEN: forget,
}
