"""The ledger module, put together."""

from __future__ import annotations

from abci_app.modules.ledger.genesis import write
from abci_app.modules.ledger.handlers import ACTIONS
from abci_app.modules.ledger.invariants import check_balances
from abci_app.modules.ledger.queries import QUERIES
from abci_app.modules.module import Module

MODULE = Module("ledger", write, ACTIONS, QUERIES, {}, check_balances)
