"""The accounts module, put together."""

from __future__ import annotations

from abci_app.modules.accounts.genesis import write
from abci_app.modules.accounts.handlers import ACTIONS
from abci_app.modules.accounts.queries import QUERIES
from abci_app.modules.module import Module

MODULE = Module("accounts", write, ACTIONS, QUERIES, {})
