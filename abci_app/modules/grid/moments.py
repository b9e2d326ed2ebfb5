"""What VDGs do when a slot is long over."""

from __future__ import annotations

from abci_app.core.context import Context
from abci_app.modules.grid.api import forget_slot
from abci_app.modules.names import parse_slot_key
from wire.chain import Moment


def forget(context: Context, key: bytes) -> None:
    """Drop the slot's terms."""
    forget_slot(context.state, *parse_slot_key(key))


MOMENTS = {Moment.MOMENT_SLOT_FORGOTTEN: forget}
