"""The control module, put together."""

from __future__ import annotations

from abci_app.modules.control.genesis import write
from abci_app.modules.control.handlers import ACTIONS
from abci_app.modules.control.invariants import check_counts
from abci_app.modules.control.phases import end_slot, forget
from abci_app.modules.control.queries import QUERIES
from abci_app.modules.module import Module
from wire.chain import Moment

MODULE = Module(
    "control",
    write,
    ACTIONS,
    QUERIES,
    {Moment.MOMENT_SWITCHING_ENDS: end_slot, Moment.MOMENT_SLOT_FORGOTTEN: forget},
    check_counts,
)
