"""The asset module, put together."""

from __future__ import annotations

from abci_app.modules.asset.genesis import write
from abci_app.modules.asset.handlers import ACTIONS
from abci_app.modules.asset.invariants import check_held
from abci_app.modules.asset.queries import QUERIES
from abci_app.modules.module import Module

MODULE = Module("asset", write, ACTIONS, QUERIES, {}, check_held)
