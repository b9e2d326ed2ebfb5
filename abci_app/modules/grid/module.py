"""The grid module, put together."""

from __future__ import annotations

from abci_app.modules.grid.genesis import write
from abci_app.modules.grid.handlers import ACTIONS
from abci_app.modules.grid.moments import MOMENTS
from abci_app.modules.grid.queries import QUERIES
from abci_app.modules.module import Module

MODULE = Module("grid", write, ACTIONS, QUERIES, MOMENTS)
