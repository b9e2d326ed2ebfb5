"""The market module, put together."""

from __future__ import annotations

from abci_app.modules.market.books import clear_book, forget_books
from abci_app.modules.market.genesis import write
from abci_app.modules.market.handlers import ACTIONS
from abci_app.modules.market.invariants import check_backing
from abci_app.modules.market.queries import QUERIES
from abci_app.modules.module import Module
from wire.chain import Moment

MODULE = Module(
    "market",
    write,
    ACTIONS,
    QUERIES,
    {Moment.MOMENT_GATE: clear_book, Moment.MOMENT_SLOT_FORGOTTEN: forget_books},
    check_backing,
)
