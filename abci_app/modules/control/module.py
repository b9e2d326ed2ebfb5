"""The control module, put together."""

from __future__ import annotations

from abci_app.modules.control.genesis import write
from abci_app.modules.control.handlers import ACTIONS
from abci_app.modules.control.invariants import check_counts
from abci_app.modules.control.moments import MOMENTS
from abci_app.modules.control.queries import QUERIES
from abci_app.modules.module import Module

MODULE = Module(
    "control",
    write,
    ACTIONS,
    QUERIES,
    MOMENTS,
    check_counts,
)
